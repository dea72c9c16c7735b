"""``/interests``: ask for a lot, see one's place, leave the queue."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.exclusivity.domain import InterestStatus
from services.exclusivity.errors import NotTrading
from services.exclusivity.schemas import Interest, InterestRequest, InterestState, QueuedBuyer
from services.exclusivity.settings import settings
from services.exclusivity.store import reading
from services.exclusivity.store.reading import InterestView
from services.exclusivity.usecases.interests import Registered, register_interest
from services.exclusivity.usecases.interests import withdraw_interest as leave_queue
from shared.auth import Actor, AnyActor, BuyerActor, require
from shared.contracts.gateway import Role
from shared.idempotency import Keyed
from shared.paging import Page, PageRequest, Paging
from shared.problems import BadRequest
from shared.service import Transaction, router

ROUTER = router("interests", racing=True)
OnlyBuyer = Annotated[Actor, require(Role.BUYER_USER)]


@ROUTER.get("/interests", summary="Own interests; for mills and operators the queue of a lot")
async def list_interests(
    conn: Transaction,
    actor: AnyActor,
    paging: Paging,
    response: Response,
    item_id: Annotated[UUID | None, Query(description="only this lot")] = None,
    status: Annotated[InterestState | None, Query()] = None,
) -> Page[Interest]:
    if actor.role == Role.MILL_USER and item_id is None:
        raise BadRequest("Name one of your lots in item_id.", slug="invalid_filter")
    buyer_id = actor.organization_id if actor.role == Role.BUYER_USER else None
    if item_id is not None and buyer_id is None:
        views = await reading.queue_of(
            conn,
            item_id=item_id,
            mill_id=None if actor.is_admin else actor.organization_id,
            status=status,
            after_ticket=int(paging.after[0]) if paging.after else None,
            limit=paging.limit + 1,
        )
        last = [(str(view.ticket),) for view in views]
    else:
        views = await reading.interests_of(
            conn, buyer_id=buyer_id, item_id=item_id, status=status, after=_after(paging), limit=paging.limit + 1
        )
        last = [(view.created_at.isoformat(), str(view.id)) for view in views]
    more = last[paging.limit - 1] if len(views) > paging.limit else None
    return paging.page(response, [_shown(view, actor) for view in views[: paging.limit]], more)


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


def _after(paging: PageRequest) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(paging.after[0]), UUID(paging.after[1])) if paging.after else None


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
