"""The API process of ingestion."""

from fastapi import FastAPI

from services.ingestion.api import ROUTERS
from services.ingestion.settings import IngestionSettings, settings
from shared.serve import serve
from shared.service import create_app


def build(with_settings: IngestionSettings | None = None) -> FastAPI:
    """The app; tests bring their own settings."""
    return create_app(
        with_settings or settings(),
        title="Offcut ingestion",
        routers=ROUTERS,
        description="What did the mill send, what does it mean: mails, lists, rows, mappings.",
    )


def main() -> None:
    """Serve until PM2 says stop."""
    serve(build(), settings())


if __name__ == "__main__":
    main()
