"""``/match-runs``: matching again, for operators."""

from uuid import UUID

from fastapi import Response

from services.matching.errors import RunUnknown
from services.matching.schemas import RunCreate, RunView
from services.matching.store import runs as store
from services.matching.store.runs import RunRow
from services.matching.usecases.runs import start_run
from shared.auth import AdminActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.service import Transaction, router

ROUTES = router("matches")


@ROUTES.post("/match-runs", status_code=202)
async def post_run(conn: Transaction, actor: AdminActor, body: RunCreate, key: Keyed, response: Response) -> RunView:
    """Match again: everything, one item, one requirement, or what changed since a time."""
    row = await start_run(conn, wanted=body, now=await clock(conn))
    response.headers["Location"] = f"/mvp/api/match-runs/{row.id}"
    response.headers["Retry-After"] = "2"
    return _view(row)


@ROUTES.get("/match-runs/{run_id}")
async def get_run(conn: Transaction, actor: AdminActor, run_id: UUID) -> RunView:
    """How far a run is."""
    row = await store.by_id(conn, run_id=run_id)
    if row is None:
        raise RunUnknown
    return _view(row)


def _view(row: RunRow) -> RunView:
    return RunView(
        id=row.id,
        status=row.status,
        scope=row.scope,
        batch_id=row.batch_id,
        items=row.items,
        requirements=row.requirements,
        found=row.found,
        closed=row.closed,
        created_at=row.created_at,
        completed_at=row.completed_at,
    )
