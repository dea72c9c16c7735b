"""The committed picture of each schema is what its migrations make."""

from deploy.layout import SERVICES
from deploy.schemas import file_of, pictures


def test_schema_when_migrated_from_empty_then_the_picture_fits(postgres_server: str) -> None:
    made = pictures(postgres_server)
    stale = [service for service in SERVICES if file_of(service).read_text("utf-8") != made[service]]
    assert not stale, "run: .venv/bin/python -m deploy.schemas <admin url>"
