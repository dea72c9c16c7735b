"""A process that reads one mailbox, so that a test can kill it: `python -m tests.integration.ingestion.collector`."""

import asyncio
import sys

from services.ingestion.collecting import collect
from tests.integration.ingestion.conftest import settings_for
from tests.support.database import opened


async def main(database_url: str, imap_url: str) -> None:
    async with opened(database_url, "ingestion") as db:
        await collect(db, settings_for(database_url, imap_url=imap_url))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
