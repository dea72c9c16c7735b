"""``/interests``: ask for a lot, see one's place, leave the queue."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.exclusivity.domain import InterestStatus
from services.exclusivity.errors import NotTrading
from services.exclusivity.schemas import Interest, InterestRequest, QueuedBuyer
from services.exclusivity.settings import settings
from services.exclusivity.store import reading
from services.exclusivity.store.reading import InterestView
from services.exclusivity.usecases.interests import Registered, register_interest
from services.exclusivity.usecases.interests import withdraw_interest as leave_queue
from shared.auth import Actor, AnyActor, BuyerActor, require
from shared.contracts.gateway import Role
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.problems import InvalidFilter
from shared.service import Transaction, router

ROUTER = router("interests", racing=True)
OnlyBuyer = Annotated[Actor, require(Role.BUYER_USER)]


@ROUTER.get(
    "/interests", response_model=Page[Interest], summary="Own interests; for mills and operators the queue of a lot"
)
async def list_interests(
    asked: Annotated[Asked, listed(reading.INTERESTS)], actor: AnyActor
) -> Page[Interest] | Response:
    """Newest first; the queue of one lot in the order they came."""
    of_one_lot = asked.question.value("item_id") is not None
    if actor.role == Role.MILL_USER and not of_one_lot:
        raise InvalidFilter("Name one of your lots in item_id.")
    if of_one_lot and actor.role != Role.BUYER_USER:
        asked = asked.ordered("ticket")
    fetch = partial(
        reading.interests,
        buyer_id=actor.organization_id if actor.role == Role.BUYER_USER else None,
        mill_id=actor.organization_id if actor.role == Role.MILL_USER else None,
    )
    return await asked.answer(fetch, lambda view: _shown(view, actor))


@ROUTER.post("/interests", status_code=201, summary="Ask for a lot: hold it at once if it is free, else queue")
async def create_interest(
    conn: Transaction, actor: OnlyBuyer, body: InterestRequest, _key: Keyed, response: Response
) -> Interest:
    if actor.suspended:
        raise NotTrading("suspended")
    registered = await register_interest(
        conn,
        item_id=body.item_id,
        buyer_id=actor.organization_id,
        user_id=actor.user_id,
        not_needed_after=body.not_needed_after,
        terms=settings().terms(),
        by=actor.ref(),
    )
    if registered.window_id is not None:
        response.headers["Location"] = f"/mvp/api/windows/{registered.window_id}"
    return _new(registered)


@ROUTER.post("/interests/{interest_id}/withdrawals", summary="Leave the queue")
async def withdraw_interest(conn: Transaction, actor: BuyerActor, interest_id: UUID, _key: Keyed) -> Interest:
    buyer_id = None if actor.is_admin else actor.organization_id
    return _shown(await leave_queue(conn, interest_id=interest_id, buyer_id=buyer_id, by=actor.ref()), actor)


def _new(registered: Registered) -> Interest:
    made = registered.interest
    return Interest(
        id=made.id,
        status="granted" if registered.window_id else "queued",
        item_id=made.item_id,
        listing_cycle=made.listing_cycle,
        origin=made.origin,
        position=registered.position,
        not_needed_after=made.not_needed_after,
        window_id=registered.window_id,
        created_at=made.created_at,
    )


def _shown(view: InterestView, actor: Actor) -> Interest:
    return Interest(
        id=view.id,
        status=InterestStatus(view.status).value,
        close_reason=view.close_reason,
        item_id=view.item_id,
        listing_cycle=view.listing_cycle,
        origin=view.origin,
        position=view.position,
        not_needed_after=view.not_needed_after,
        window_id=view.window_id,
        created_at=view.created_at,
        buyer=None
        if actor.role == Role.BUYER_USER
        else _buyer(view, named=actor.is_admin or view.window_id is not None),
    )


def _buyer(view: InterestView, *, named: bool) -> QueuedBuyer:
    return QueuedBuyer(
        label=f"Buyer {view.ticket}",
        country=view.country,
        segment=view.segment,
        id=view.buyer_id if named else None,
        name=view.buyer_name if named else None,
    )
