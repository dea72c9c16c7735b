"""The API process of ingestion."""

from fastapi import FastAPI

from services.ingestion.api import ROUTERS
from services.ingestion.api.files import FILE_BYTES_MAX
from services.ingestion.settings import MIB, IngestionSettings, settings
from shared.serve import serve
from shared.service import create_app


def build(with_settings: IngestionSettings | None = None) -> FastAPI:
    """The app; tests bring their own settings."""
    return create_app(
        with_settings or settings(),
        title="Offcut ingestion",
        routers=ROUTERS,
        body_bytes_max=FILE_BYTES_MAX + MIB,  # the file and the form around it
        description="What did the mill send, what does it mean: mails, lists, rows, mappings.",
    )


def main() -> None:
    """Serve until PM2 says stop."""
    serve(build(), settings())


if __name__ == "__main__":
    main()
