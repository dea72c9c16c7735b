"""What was sent and what came of it, and addresses that are written to no longer: the operator's view."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.newsletter.schemas import DeliveryAnswer, DeliveryStatus, SuppressionAnswer
from services.newsletter.store import history, suppressions
from services.newsletter.usecases import people
from shared.auth import AdminActor
from shared.db import clock
from shared.paging import Page, PageRequest, Paging
from shared.service import Transaction, router

routes = router("newsletter")
Reason = Annotated[str, Query(min_length=3, max_length=500, description="why this address may be written to again")]


def _before(paging: PageRequest) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(paging.after[0]), UUID(paging.after[1])) if paging.after else None


@routes.get("/newsletter/deliveries")
async def list_deliveries(
    conn: Transaction,
    actor: AdminActor,
    paging: Paging,
    response: Response,
    status: DeliveryStatus | None = None,
    issue_id: UUID | None = None,
    user_id: UUID | None = None,
) -> Page[DeliveryAnswer]:
    """Messages, newest first."""
    rows = await history.deliveries(
        conn, status=status, issue_id=issue_id, user_id=user_id, before=_before(paging), limit=paging.limit + 1
    )
    shown = rows[: paging.limit]
    last = (shown[-1].created_at.isoformat(), str(shown[-1].delivery_id)) if len(rows) > paging.limit else None
    return paging.page(response, [DeliveryAnswer.of(row) for row in shown], last)


@routes.get("/newsletter/suppressions")
async def list_suppressions(
    conn: Transaction, actor: AdminActor, paging: Paging, response: Response
) -> Page[SuppressionAnswer]:
    """Suppressed addresses with reason and source, newest first."""
    rows = await suppressions.suppressions(conn, before=_before(paging), limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (shown[-1].created_at.isoformat(), str(shown[-1].suppression_id)) if len(rows) > paging.limit else None
    return paging.page(response, [SuppressionAnswer.of(row) for row in shown], last)


@routes.delete("/newsletter/suppressions/{suppression_id}", status_code=204)
async def delete_suppression(conn: Transaction, actor: AdminActor, suppression_id: UUID, reason: Reason) -> None:
    """Lift a suppression; one that the recipient asked for can only be lifted by himself."""
    await people.lift_suppression(conn, suppression_id, by=actor.user_id, reason=reason, now=await clock(conn))
