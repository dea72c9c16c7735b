"""A surplus item: its states, its dates, and what each step leaves behind."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.contracts.types import BatchId, BuyerId, ItemId, ItemStatus, LotValues, MillId, RowId, WindowId

LISTED = frozenset({ItemStatus.PRE_PRODUCTION, ItemStatus.AVAILABLE, ItemStatus.RESERVED})
"""For sale, now or on a known date: what other services know of."""

GONE = frozenset({ItemStatus.WITHDRAWN, ItemStatus.EXPIRED})
"""No longer for sale, and may come back in a new listing cycle."""

MAY_BE_LISTED = (ItemStatus.DRAFT, ItemStatus.WITHDRAWN, ItemStatus.EXPIRED, ItemStatus.SOLD)
MAY_BE_WITHDRAWN = (ItemStatus.DRAFT, ItemStatus.PRE_PRODUCTION, ItemStatus.AVAILABLE, ItemStatus.RESERVED)
MAY_BE_SOLD = (ItemStatus.AVAILABLE, ItemStatus.RESERVED)
MAY_BE_CHANGED = (ItemStatus.DRAFT, ItemStatus.PRE_PRODUCTION, ItemStatus.AVAILABLE, ItemStatus.RESERVED)


@dataclass(frozen=True, slots=True)
class PendingChange:
    """What a list said while a buyer held the item. ``values`` ``None``: the mill no longer has the lot."""

    row_id: RowId
    batch_id: BatchId
    values: LotValues | None
    source_values: dict[str, str]
    header_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One lot of one mill."""

    item_id: ItemId
    mill_id: MillId
    lot_key: str
    version: int
    listing_cycle: int
    status: ItemStatus
    values: LotValues
    listed_at: datetime
    confirmed_at: datetime
    created_at: datetime
    updated_at: datetime
    lot_version: int = 0
    source_values: dict[str, str] = field(default_factory=dict[str, str])
    batch_id: BatchId | None = None
    header_fingerprint: str | None = None
    pending_change: PendingChange | None = None
    available_at: datetime | None = None
    expires_on: date | None = None
    expires_at: datetime | None = None
    window_id: WindowId | None = None
    holder_id: BuyerId | None = None
    reserved_until: datetime | None = None
    grants_used: int = 0
    max_grants: int = 3
    opened: bool = False
    sold_to: BuyerId | None = None
    sold_at: datetime | None = None
    closed_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as the mill's calendar sees it. ``listing_days``: how long an offer stands without confirmation."""

    now: datetime
    time_zone: str
    listing_days: int

    @property
    def zone(self) -> ZoneInfo:
        return known_zone(self.time_zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """00:00 of a day where the mill is."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def known_zone(name: str) -> ZoneInfo:
    """A time zone by its name; one that nobody knows counts as UTC rather than stopping a mill's lists."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def dated(item: Item, moment: Moment) -> Item:
    """The item with its deadlines worked out from its values, its last confirmation and the mill's time zone."""
    start = item.values.available_from
    confirmed = item.confirmed_at.astimezone(moment.zone).date()
    counted_from = max(confirmed, start) if start else confirmed
    expires_on = item.values.valid_until or counted_from + timedelta(days=moment.listing_days)
    return replace(
        item,
        available_at=moment.midnight(start) if start else None,
        expires_on=expires_on,
        expires_at=moment.midnight(expires_on + timedelta(days=1)),
    )


def status_on(values: LotValues, moment: Moment) -> ItemStatus:
    """How a lot is listed today: with a date in the future it is still to be made."""
    start = values.available_from
    return ItemStatus.PRE_PRODUCTION if start is not None and start > moment.today else ItemStatus.AVAILABLE


def changed(item: Item, moment: Moment, **members: object) -> Item:
    """The item one version later."""
    return replace(item, version=item.version + 1, updated_at=moment.now, **members)


def without_window(item: Item) -> Item:
    """The item that nobody holds."""
    return replace(item, window_id=None, holder_id=None, reserved_until=None)


def listed(item: Item, moment: Moment, *, new_cycle: bool) -> Item:
    """The item for sale; a new cycle starts without grants, sale and leftovers of the one before."""
    fresh = without_window(item)
    if new_cycle:
        fresh = replace(fresh, listing_cycle=item.listing_cycle + 1, grants_used=0, opened=False, pending_change=None)
    fresh = changed(
        fresh,
        moment,
        status=status_on(item.values, moment),
        listed_at=moment.now,
        confirmed_at=moment.now,
        sold_to=None,
        sold_at=None,
        closed_reason=None,
    )
    return dated(fresh, moment)


def withdrawn(item: Item, moment: Moment, *, reason: str) -> Item:
    """The item taken back by its mill."""
    return changed(without_window(item), moment, status=ItemStatus.WITHDRAWN, closed_reason=reason, pending_change=None)


def sold(item: Item, moment: Moment, *, buyer_id: BuyerId | None) -> Item:
    """The item sold; ``buyer_id`` ``None``: to somebody outside the market."""
    return changed(
        without_window(item),
        moment,
        status=ItemStatus.SOLD,
        sold_to=buyer_id,
        sold_at=moment.now,
        closed_reason="sold",
        pending_change=None,
    )


def reserved(
    item: Item,
    moment: Moment,
    *,
    window_id: WindowId,
    buyer_id: BuyerId,
    until: datetime,
    grants_used: int,
    max_grants: int,
) -> Item:
    """The item held by a buyer."""
    return changed(
        item,
        moment,
        status=ItemStatus.RESERVED,
        window_id=window_id,
        holder_id=buyer_id,
        reserved_until=until,
        grants_used=grants_used,
        max_grants=max_grants,
    )


def extended(item: Item, moment: Moment, *, until: datetime) -> Item:
    """The item held by the same buyer for longer."""
    return changed(item, moment, reserved_until=until)


def released(item: Item, moment: Moment) -> Item:
    """The item free again. What a list said meanwhile is still to be applied."""
    return changed(without_window(item), moment, status=ItemStatus.AVAILABLE)
