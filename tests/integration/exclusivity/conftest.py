"""The database of exclusivity, and settings that need no secrets file."""

from services.exclusivity.settings import settings
from tests.support.database import fixtures_of
from tests.support.doors import environment_of, surroundings

database, db, conn = fixtures_of("exclusivity")

ENVIRONMENT = surroundings("exclusivity")
environment = environment_of(settings, ENVIRONMENT)
