"""The worker as PM2 starts it: a mail is seen at once, becomes a list, and a stop takes no longer than it must."""

import os
import signal
import sys
import time
from asyncio import create_subprocess_exec, wait_for
from pathlib import Path

from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.integration.ingestion.post import mail
from tests.support.imap import MailServer
from tests.support.ports import free_port
from tests.support.redis import throwaway_redis
from tests.support.tokens import PUBLIC_KEY
from tests.support.wait import until

ROOT = Path(__file__).resolve().parents[3]


async def test_worker_when_a_mail_arrives_then_commits_its_list_in_seconds_and_stops_quickly(
    market: Market, mail_server: MailServer
) -> None:
    with throwaway_redis() as redis:
        environment = {
            "PATH": os.environ["PATH"],
            "OFFCUT_INGESTION_DATABASE_URL": market.settings.database_url,
            "OFFCUT_INGESTION_WORKER_PORT": str(free_port()),
            "OFFCUT_REDIS_URL": redis,
            "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
            "OFFCUT_CURSOR_KEY": "tests",
            "OFFCUT_IMAP_URL": mail_server.imap_url(),
        }
        worker = await create_subprocess_exec(
            sys.executable, "-m", "services.ingestion.worker", "scheduler", cwd=ROOT, env=environment
        )
        try:
            await until(lambda: _listens(market), deadline_s=20, what="the worker to listen to the mailbox")
            arrived = time.monotonic()
            mail_server.drop(mail(csv_list(*usual_list())))
            await until(lambda: market.events(RowsAccepted), deadline_s=20, what="the list to be committed")
            assert time.monotonic() - arrived < 15
        finally:
            worker.send_signal(signal.SIGINT)
            stopped = time.monotonic()
            await wait_for(worker.wait(), 15)
        assert time.monotonic() - stopped < 5


async def _listens(market: Market) -> bool:
    """Has the mailbox been polled once? Then only the push can bring the mail before the next poll in five minutes."""
    async with market.db.transaction() as conn:
        row = await (await conn.execute("SELECT count(*) FROM mailbox WHERE succeeded_at IS NOT NULL")).fetchone()
    return bool(row and row[0])
