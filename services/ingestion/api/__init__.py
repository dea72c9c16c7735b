"""Routes of ingestion."""

from services.ingestion.api import batches, datasheets, files, mail, rows

ROUTERS = (files.routes, batches.routes, rows.routes, mail.routes, mail.tests, datasheets.routes)
