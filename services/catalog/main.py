"""The API of catalog: ``python -m services.catalog.main``."""

from fastapi import FastAPI

from services.catalog.api import ROUTERS
from services.catalog.settings import settings
from shared.serve import serve
from shared.service import create_app


def build() -> FastAPI:
    """The app."""
    return create_app(
        settings(),
        title="Offcut catalog",
        description="What is for sale, and who may see which part of it.",
        routers=ROUTERS,
    )


def main() -> None:
    """Serve until a signal."""
    serve(build(), settings())


if __name__ == "__main__":
    main()
