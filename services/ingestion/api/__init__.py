"""Routes of ingestion."""

from services.ingestion.api import batches, datasheets, decisions, files, mail, profiles, rows

ROUTERS = (
    files.routes,
    batches.routes,
    rows.routes,
    decisions.routes,
    profiles.routes,
    mail.routes,
    mail.tests,
    datasheets.routes,
)
