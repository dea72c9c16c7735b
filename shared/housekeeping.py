"""Jobs every service has: what the machinery keeps for a while goes when its time is over."""

from shared.db import Database, execute
from shared.scheduler import every

ROWS_MAX = 5000  # per run, so that no transaction is long


async def forget_stored_answers(database: Database) -> int:
    """Answers kept for repeated requests go after 48 h."""
    async with database.transaction() as conn:
        return await execute(
            conn,
            """
            DELETE FROM idempotency
            WHERE scope IN (
                SELECT scope FROM idempotency WHERE created_at < clock() - interval '48 hours' LIMIT %(limit)s
            )
            """,
            {"limit": ROWS_MAX},
        )


async def forget_job_runs(database: Database) -> int:
    """The history of timed jobs goes after 14 days."""
    async with database.transaction() as conn:
        return await execute(
            conn,
            """
            DELETE FROM job_run
            WHERE id IN (
                SELECT id FROM job_run WHERE started_at < clock() - interval '14 days' LIMIT %(limit)s
            )
            """,
            {"limit": ROWS_MAX},
        )


JOBS = (
    every(seconds=600, run=forget_stored_answers),
    every(seconds=3600, run=forget_job_runs),
)
