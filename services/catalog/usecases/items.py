"""What a mill or the operator does with a single item."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from services.catalog.domain.items import (
    MAY_BE_CHANGED,
    MAY_BE_LISTED,
    MAY_BE_SOLD,
    MAY_BE_WITHDRAWN,
    Item,
    Moment,
    changed,
    dated,
    listed,
    sold,
    status_on,
    withdrawn,
)
from services.catalog.domain.values import changed_fields, is_material, price_per_tonne, problems_of
from services.catalog.errors import InvalidLot, ItemIsReserved, ItemNotFound, LotExists, OrganizationSuspended
from services.catalog.errors import StateConflict as WrongState
from services.catalog.reference import GRADE_CODES
from services.catalog.store import items as item_store
from services.catalog.store import organizations, relations
from services.catalog.usecases import publishing
from shared.auth import Actor
from shared.contracts.types import BuyerId, ItemId, ItemStatus, LotValues, MillId, ref_key
from shared.db import Conn
from shared.preconditions import check_version

_MANDATORY = ("grade_code", "form", "gsm", "weight_net_kg", "quality_class", "location_country")


async def create_item(
    conn: Conn, *, actor: Actor, mill_id: MillId, values: LotValues, publish: bool, now: datetime, listing_days: int
) -> Item:
    """Enter a lot by hand, as a draft or for sale at once."""
    moment = await _calendar(conn, actor, mill_id, now=now, listing_days=listing_days)
    values = _complete(values)
    item_id = ItemId(uuid7())
    key = ref_key(values.lot_ref) or f"item:{item_id}"
    if await item_store.lock_lots(conn, mill_id=mill_id, lot_keys=[key]):
        raise LotExists(f"The mill has a lot {values.lot_ref!r} already; change that one.")
    item = Item(
        item_id=item_id,
        mill_id=mill_id,
        lot_key=key,
        version=1,
        listing_cycle=1,
        status=status_on(values, moment) if publish else ItemStatus.DRAFT,
        values=values,
        listed_at=now,
        confirmed_at=now,
        created_at=now,
        updated_at=now,
    )
    item = dated(item, moment)
    await item_store.save(conn, [item])
    if publish:
        await publishing.publish_listed(conn, [item])
    return item


async def change_item(
    conn: Conn,
    *,
    actor: Actor,
    item_id: ItemId,
    expected_version: int,
    changes: dict[str, Any],
    now: datetime,
    listing_days: int,
) -> Item:
    """Change members of a lot; while a buyer holds it only those that leave his offer what it is."""
    item, moment = await _locked(conn, actor, item_id, expected_version, now=now, listing_days=listing_days)
    if item.status not in MAY_BE_CHANGED:
        raise WrongState(
            "The item is no longer for sale; list it again first.", status=item.status, allowed=MAY_BE_CHANGED
        )
    missing = [(name, "missing", "cannot be removed") for name in _MANDATORY if changes.get(name, True) is None]
    if missing:
        raise InvalidLot(missing)
    values = _complete(replace(item.values, **changes))
    names = changed_fields(item.values, values)
    if not names:
        return item
    if item.status == ItemStatus.RESERVED and is_material(names):
        raise ItemIsReserved("A buyer holds the item; until he lets go only remarks and names can change.")
    after = dated(changed(item, moment, values=values, confirmed_at=now), moment)
    status = status_on(values, moment)
    moves = item.status in (ItemStatus.AVAILABLE, ItemStatus.PRE_PRODUCTION) and status != item.status
    if moves and status == ItemStatus.PRE_PRODUCTION and await relations.anyone_waits(conn, item_id):
        raise WrongState("Buyers wait for the item: keep its date, or withdraw it.", status=item.status)
    if moves:
        after = replace(after, status=status, listed_at=now)
    await item_store.save(conn, [after])
    if moves:
        await publishing.publish_listed(conn, [after])
    elif after.status != ItemStatus.DRAFT:
        await publishing.publish_changed(conn, after, names)
    return after


async def list_item(
    conn: Conn,
    *,
    actor: Actor,
    item_id: ItemId,
    expected_version: int,
    sale_cancelled: bool,
    reason: str | None,
    cancellation_days: int,
    now: datetime,
    listing_days: int,
) -> Item:
    """Put a draft on the market, or bring back what was withdrawn, expired or sold in vain: a new listing cycle."""
    item, moment = await _locked(conn, actor, item_id, expected_version, now=now, listing_days=listing_days)
    if item.status not in MAY_BE_LISTED:
        raise WrongState("The item is listed already; change it with PATCH.", status=item.status, allowed=MAY_BE_LISTED)
    if item.status == ItemStatus.SOLD:
        if not sale_cancelled or reason is None:
            raise WrongState("The item is sold; to list it again say cause=sale_cancelled and why.", status=item.status)
        if item.sold_at is not None and now > item.sold_at + timedelta(days=cancellation_days):
            raise WrongState(
                f"The sale is more than {cancellation_days} days old; enter the lot as a new item.", status=item.status
            )
        await relations.clear_purchaser(conn, item_id)
    _complete(item.values)
    after = listed(item, moment, new_cycle=item.status != ItemStatus.DRAFT)
    await item_store.save(conn, [after])
    await publishing.publish_listed(conn, [after])
    return after


async def withdraw_item(
    conn: Conn,
    *,
    actor: Actor,
    item_id: ItemId,
    expected_version: int,
    reason: str,
    force: bool,
    now: datetime,
    listing_days: int,
) -> Item:
    """Take an item off the market."""
    item, moment = await _locked(conn, actor, item_id, expected_version, now=now, listing_days=listing_days)
    if item.status not in MAY_BE_WITHDRAWN:
        raise WrongState(
            "The item is not for sale, so there is nothing to withdraw.", status=item.status, allowed=MAY_BE_WITHDRAWN
        )
    if item.status == ItemStatus.RESERVED and not force:
        raise ItemIsReserved("A buyer holds the item; send force=true to take it from him, he will be told.")
    after = withdrawn(item, moment, reason=reason)
    await item_store.save(conn, [after])
    if item.status != ItemStatus.DRAFT:
        await publishing.publish_unlisted(conn, [after])
    return after


async def sell_item(
    conn: Conn,
    *,
    actor: Actor,
    item_id: ItemId,
    expected_version: int,
    buyer_id: BuyerId | None,
    force: bool,
    now: datetime,
    listing_days: int,
) -> Item:
    """Record a sale made outside an offer."""
    item, moment = await _locked(conn, actor, item_id, expected_version, now=now, listing_days=listing_days)
    if item.status not in MAY_BE_SOLD:
        raise WrongState("Only an available item can be sold; list it first.", status=item.status, allowed=MAY_BE_SOLD)
    to_holder = buyer_id is not None and buyer_id == item.holder_id
    if item.status == ItemStatus.RESERVED and not to_holder and not (force and actor.is_admin):
        raise ItemIsReserved("A buyer holds the item; sell it to him, or wait until his window ends.")
    if buyer_id is not None:
        if not await organizations.approved(conn, buyer_id, kind="buyer"):
            raise InvalidLot([("buyer_id", "unknown_buyer", "is not a buyer that may trade")])
        await relations.set_purchaser(conn, item_id=item_id, buyer_id=buyer_id)
    after = sold(item, moment, buyer_id=buyer_id)
    await item_store.save(conn, [after])
    await publishing.publish_unlisted(conn, [after])
    return after


async def _calendar(conn: Conn, actor: Actor, mill_id: MillId, *, now: datetime, listing_days: int) -> Moment:
    mill = await organizations.lock_mill(conn, mill_id)
    if mill.status != "approved" or actor.suspended:
        raise OrganizationSuspended
    return Moment(now=now, time_zone=mill.time_zone, listing_days=listing_days)


async def _locked(
    conn: Conn, actor: Actor, item_id: ItemId, expected_version: int, *, now: datetime, listing_days: int
) -> tuple[Item, Moment]:
    """The item, locked after its mill, if the actor may change it and has seen its newest version."""
    mill_id = await item_store.mill_of(conn, item_id)
    if mill_id is None or not (actor.is_admin or actor.organization_id == mill_id):
        raise ItemNotFound
    moment = await _calendar(conn, actor, mill_id, now=now, listing_days=listing_days)
    item = await item_store.lock_item(conn, item_id)
    if item is None:
        raise ItemNotFound
    check_version(item.version, expected_version)
    return item, moment


def _complete(values: LotValues) -> LotValues:
    if problems := problems_of(values, grades=GRADE_CODES):
        raise InvalidLot(problems)
    return replace(values, price_per_t=price_per_tonne(values))
