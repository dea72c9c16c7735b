"""Runs: rounds of scoring that somebody waits for, a batch or an operator."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.matching.errors import RequirementUnknown
from services.matching.schemas import RunCreate
from services.matching.store import indexing, items, queue, runs
from services.matching.store.queue import Cause, Claimed
from services.matching.store.runs import Progress, RunRow
from services.matching.usecases.telling import Outcome, tell_of_one
from shared import trace
from shared.contracts.matching import RunCompleted
from shared.db import Conn
from shared.problems import NotFound


async def start_run(conn: Conn, *, wanted: RunCreate, now: datetime) -> RunRow:
    """Have something matched again; the answer comes when the worker is through."""
    run_id, cause = uuid7(), trace.current()
    await runs.start(conn, run_id=run_id, scope=wanted.scope, cause=cause, now=now)
    if wanted.requirement_id is not None:
        if not await indexing.by_ids(conn, ids=[wanted.requirement_id]):
            raise RequirementUnknown
        await queue.add_requirements(conn, [wanted.requirement_id], cause=cause, run_id=run_id)
    elif wanted.item_id is not None:
        if not await items.by_ids(conn, ids=[wanted.item_id]):
            raise NotFound("There is no item with this id; check it.")
        await queue.add_items(conn, [wanted.item_id], cause=cause, run_id=run_id)
    else:
        await queue.add_everything(conn, since=wanted.since, cause=cause, run_id=run_id)
    await queue.wake(conn)  # a run over nothing is complete at once
    row = await runs.by_id(conn, run_id=run_id)
    assert row is not None  # noqa: S101 - written above
    return row


async def count_progress(
    conn: Conn, *, listed: Sequence[Claimed], wanted: Sequence[Claimed], of_items: Outcome, of_requirements: Outcome
) -> None:
    """Add what one scoring did to the runs that asked for it."""
    sums: dict[UUID, Counter[str]] = {}
    _count(
        sums,
        listed,
        "items",
        found=Counter(one.item_id for one in of_items.found),
        closed=Counter(row.item_id for _, row in of_items.closed),
    )
    _count(
        sums,
        wanted,
        "requirements",
        found=Counter(one.match.requirement_id for one in of_requirements.found),
        closed=Counter(row.requirement_id for _, row in of_requirements.closed),
    )
    if sums:
        progress = [
            Progress(run_id, counts["items"], counts["requirements"], counts["found"], counts["closed"])
            for run_id, counts in sorted(sums.items())
        ]
        await runs.advance(conn, progress)


def _count(
    sums: dict[UUID, Counter[str]],
    claimed: Sequence[Claimed],
    side: str,
    *,
    found: Counter[UUID],
    closed: Counter[UUID],
) -> None:
    for target_id, run_id in {(one.target_id, one.run_id) for one in claimed}:
        if run_id is not None:
            counts = sums.setdefault(run_id, Counter())
            counts.update({side: 1, "found": found[target_id], "closed": closed[target_id]})


async def complete_runs(conn: Conn, *, now: datetime) -> None:
    """Say of every run that is through that it is: a batch when all its parts were read and all its items scored."""
    if not await runs.lock_running(conn):
        return
    done = await runs.complete(conn, now=now)
    active = await indexing.active_count(conn) if done else 0
    for run in done:
        event = RunCompleted(
            run_id=run.id,
            scope=run.scope,
            batch_id=run.batch_id,
            mill_id=run.mill_id,
            items=run.items,
            requirements=run.requirements if run.scope == "requirement" else active,
            found=run.found,
            closed=run.closed,
            duration_ms=max(0, int((now - run.created_at).total_seconds() * 1000)),
        )
        await tell_of_one(conn, Cause(run.correlation_id, run.causation_id), event)
