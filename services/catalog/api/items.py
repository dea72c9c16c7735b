"""Items: search, one item, and what a mill does with its own."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.catalog.domain.items import Item
from services.catalog.errors import InvalidLot, ItemNotFound
from services.catalog.schemas import ItemPatch, Listing, NewItem, Sale, Withdrawal
from services.catalog.schemas.answers import ItemDetail, ItemOut
from services.catalog.search import ITEMS
from services.catalog.settings import settings
from services.catalog.usecases import items as usecases
from services.catalog.usecases.views import find_items, see_item
from shared.auth import Actor, AnyActor, MillActor
from shared.contracts.types import BuyerId, ItemId, MillId
from shared.db import Conn, clock
from shared.idempotency import Keyed
from shared.instants import encoded
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

routes = router("items")


@routes.get("/items", response_model=Page[ItemOut])
async def get_items(
    asked: Annotated[Asked, listed(ITEMS)],
    actor: AnyActor,
    q: Annotated[str | None, Query(max_length=200, description="words in what you may see of an item")] = None,
) -> Response:
    """Search. A field that you do not see of an item never finds it; the list comes as CSV or xlsx by ``Accept``."""
    words = (q or "").strip() or None
    return await asked.answer_json(partial(find_items, actor=actor, words=words), dict)


@routes.get("/items/{item_id}", response_model=ItemDetail)
async def get_item(item_id: UUID, conn: Transaction, actor: AnyActor) -> Response:
    """One item as you may see it; hidden members are null and named in ``redacted``."""
    return await _view(conn, actor, item_id)


@routes.post("/items", response_model=ItemDetail, status_code=201)
async def create_item(body: NewItem, conn: Transaction, actor: MillActor, _: Keyed) -> Response:
    """Enter a lot by hand; ``publish=false`` keeps a draft, a future ``available_from`` makes it pre-production."""
    mill_id = body.mill_id if actor.is_admin else actor.organization_id
    if mill_id is None:
        raise InvalidLot([("mill_id", "missing", "an operator says for which mill")])
    if body.mill_id not in (None, mill_id):
        raise InvalidLot([("mill_id", "not_own", "must be your own mill, or absent")])
    item = await usecases.create_item(
        conn,
        actor=actor,
        mill_id=MillId(mill_id),
        values=body.values(),
        publish=body.publish,
        now=await clock(conn),
        listing_days=settings().listing_days,
    )
    response = await _changed(conn, actor, item, status=201)
    response.headers["Location"] = f"/mvp/api/items/{item.item_id}"
    return response


@routes.patch("/items/{item_id}", response_model=ItemDetail)
async def change_item(
    item_id: UUID, body: ItemPatch, conn: Transaction, actor: MillActor, version: ExpectedVersion
) -> Response:
    """Change values of a lot (JSON Merge Patch)."""
    item = await usecases.change_item(
        conn,
        actor=actor,
        item_id=ItemId(item_id),
        expected_version=version,
        changes=body.changes(),
        now=await clock(conn),
        listing_days=settings().listing_days,
    )
    return await _changed(conn, actor, item)


@routes.post("/items/{item_id}/listings", response_model=ItemDetail)
async def list_item(
    item_id: UUID, body: Listing, conn: Transaction, actor: MillActor, version: ExpectedVersion, _: Keyed
) -> Response:
    """Publish a draft, or list again after withdrawal, expiry or a cancelled sale."""
    item = await usecases.list_item(
        conn,
        actor=actor,
        item_id=ItemId(item_id),
        expected_version=version,
        sale_cancelled=body.cause == "sale_cancelled",
        reason=body.reason,
        cancellation_days=settings().sale_cancellation_days,
        now=await clock(conn),
        listing_days=settings().listing_days,
    )
    return await _changed(conn, actor, item)


@routes.post("/items/{item_id}/withdrawals", response_model=ItemDetail)
async def withdraw_item(
    item_id: UUID, body: Withdrawal, conn: Transaction, actor: MillActor, version: ExpectedVersion, _: Keyed
) -> Response:
    """Take an item off the market, with the reason."""
    item = await usecases.withdraw_item(
        conn,
        actor=actor,
        item_id=ItemId(item_id),
        expected_version=version,
        reason=body.reason,
        force=body.force,
        now=await clock(conn),
        listing_days=settings().listing_days,
    )
    return await _changed(conn, actor, item)


@routes.post("/items/{item_id}/sales", response_model=ItemDetail)
async def sell_item(
    item_id: UUID, body: Sale, conn: Transaction, actor: MillActor, version: ExpectedVersion, _: Keyed
) -> Response:
    """Record a sale made outside an offer."""
    item = await usecases.sell_item(
        conn,
        actor=actor,
        item_id=ItemId(item_id),
        expected_version=version,
        buyer_id=BuyerId(body.buyer_id) if body.buyer_id else None,
        force=body.force,
        now=await clock(conn),
        listing_days=settings().listing_days,
    )
    return await _changed(conn, actor, item)


async def _changed(conn: Conn, actor: Actor, item: Item, *, status: int = 200) -> Response:
    return await _view(conn, actor, item.item_id, status=status)


async def _view(conn: Conn, actor: Actor, item_id: UUID, *, status: int = 200) -> Response:
    seen = await see_item(conn, actor=actor, item_id=item_id)
    if seen is None:
        raise ItemNotFound
    view, viewer = seen
    body = encoded(view)
    response = Response(body, status_code=status, media_type="application/json")
    tag(response, view["version"], viewer)
    return response
