"""The backbone's tests run as a service of its own choice: catalog publishes, ingestion and matching listen."""

from tests.support.database import fixtures_of

database, db, conn = fixtures_of("catalog")
