"""What was sent and what came of it, and addresses that are written to no longer: the operator's view."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.newsletter.schemas import DeliveryAnswer, SuppressionAnswer
from services.newsletter.store import history, suppressions
from services.newsletter.usecases import people
from shared.auth import AdminActor
from shared.db import clock
from shared.listing import Asked, listed
from shared.paging import Page
from shared.service import Transaction, router

routes = router("newsletter")
Reason = Annotated[str, Query(min_length=3, max_length=500, description="why this address may be written to again")]


@routes.get("/newsletter/deliveries", response_model=Page[DeliveryAnswer])
async def list_deliveries(
    asked: Annotated[Asked, listed(history.DELIVERIES)], actor: AdminActor
) -> Page[DeliveryAnswer] | Response:
    """Messages, newest first."""
    return await asked.answer(history.deliveries, DeliveryAnswer.of)


@routes.get("/newsletter/suppressions", response_model=Page[SuppressionAnswer])
async def list_suppressions(
    asked: Annotated[Asked, listed(suppressions.SUPPRESSIONS)], actor: AdminActor
) -> Page[SuppressionAnswer] | Response:
    """Suppressed addresses with reason and source, newest first."""
    return await asked.answer(suppressions.suppressions, SuppressionAnswer.of)


@routes.delete("/newsletter/suppressions/{suppression_id}", status_code=204)
async def delete_suppression(conn: Transaction, actor: AdminActor, suppression_id: UUID, reason: Reason) -> None:
    """Lift a suppression; one that the recipient asked for can only be lifted by himself."""
    await people.lift_suppression(conn, suppression_id, by=actor.user_id, reason=reason, now=await clock(conn))
