"""The API of exclusivity: ``python -m services.exclusivity.main``."""

from fastapi import FastAPI

from services.exclusivity.api import interests, windows
from services.exclusivity.settings import settings
from shared.serve import serve
from shared.service import create_app


def build() -> FastAPI:
    """The app with its routes."""
    return create_app(settings(), title="Offcut exclusivity", routers=[interests.ROUTER, windows.ROUTER])


def main() -> None:
    serve(build(), settings())


if __name__ == "__main__":
    main()
