"""The API of newsletter."""

from fastapi import FastAPI

from services.newsletter.api import ROUTERS
from services.newsletter.settings import NewsletterSettings, settings
from shared.serve import serve
from shared.service import create_app


def build(config: NewsletterSettings | None = None) -> FastAPI:
    """The app; ``config`` ``None``: from the environment."""
    return create_app(
        config or settings(),
        title="Offcut newsletter",
        description="Who is told what, and whether it arrived.",
        routers=ROUTERS,
    )


def main() -> None:
    serve(build(), settings())


if __name__ == "__main__":
    main()
