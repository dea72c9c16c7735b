"""The HTTP process: ``python -m services.matching.main``."""

from fastapi import FastAPI

from services.matching.api import matches, requirements, runs
from services.matching.settings import MatchingSettings, settings
from shared.serve import serve
from shared.service import create_app


def build(configured: MatchingSettings | None = None) -> FastAPI:
    """The app; tests bring their own settings."""
    return create_app(
        configured or settings(),
        title="Offcut matching",
        description="Who wants a lot, how well it fits, and why.",
        routers=(requirements.ROUTES, matches.ROUTES, runs.ROUTES),
    )


def main() -> None:
    serve(build(), settings())


if __name__ == "__main__":
    main()
