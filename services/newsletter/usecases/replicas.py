"""Keep what other services tell us, newer versions only."""

from collections.abc import Sequence

from services.newsletter.store import lots, people, replicas
from shared.contracts.catalog import (
    ItemReleased,
    ItemReserved,
    ItemsChanged,
    ItemSnapshot,
    ItemStatus,
    ItemsUnlisted,
    VisibilityChanged,
)
from shared.contracts.exclusivity import (
    InterestClosed,
    InterestRegistered,
    ItemOpened,
    WindowClosed,
    WindowExtended,
    WindowGranted,
)
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.contracts.ingestion import RatesChanged
from shared.contracts.matching import MatchesClosed, MatchesFound, RequirementChanged
from shared.db import Conn, notify

SCHEDULE = "schedule"


async def keep_organizations(conn: Conn, events: Sequence[OrganizationChanged]) -> None:
    """Their people's timetable is worked out again: an organisation may have been approved."""
    await replicas.save_organizations(conn, [event.model_dump(mode="json") for event in events])
    await people.plan_anew(conn, organization_ids=[event.organization_id for event in events])
    await notify(conn, SCHEDULE)


async def keep_users(conn: Conn, events: Sequence[UserChanged]) -> None:
    """Their timetable is worked out again: zone, role or status may be others."""
    await replicas.save_users(conn, [event.model_dump(mode="json") for event in events])
    await people.plan_anew(conn, user_ids=[event.user_id for event in events])
    await notify(conn, SCHEDULE)


async def keep_rules(conn: Conn, events: Sequence[VisibilityChanged]) -> None:
    await replicas.save_rules(conn, [event.model_dump(mode="json") for event in events])


async def keep_requirements(conn: Conn, events: Sequence[RequirementChanged]) -> None:
    await replicas.save_requirements(conn, [event.model_dump(mode="json") for event in events])


async def keep_rates(conn: Conn, events: Sequence[RatesChanged]) -> None:
    rows: list[replicas.Row] = [
        {"base": event.base, "currency": currency, "dated": event.dated.isoformat(), "per_base": str(rate)}
        for event in events
        for currency, rate in event.per_base.items()
    ]
    await replicas.save_rates(conn, rows)


async def keep_items(conn: Conn, snapshots: Sequence[ItemSnapshot]) -> None:
    if snapshots:
        await lots.save_items(conn, [snapshot.model_dump(mode="json") for snapshot in snapshots])


async def keep_changed_items(conn: Conn, events: Sequence[ItemsChanged]) -> None:
    await keep_items(conn, [snapshot for event in events for snapshot in event.items])


async def keep_unlisted(conn: Conn, events: Sequence[ItemsUnlisted]) -> None:
    rows: list[replicas.Row] = [
        {**item.model_dump(mode="json"), "mill_id": str(event.mill_id), "status": item.reason.value}
        for event in events
        for item in event.items
    ]
    await lots.save_item_status(conn, rows)


async def keep_reserved(conn: Conn, events: Sequence[ItemReserved]) -> None:
    rows: list[replicas.Row] = [
        {
            **event.model_dump(mode="json"),
            "listing_cycle": 0,
            "status": ItemStatus.RESERVED.value,
            "reserved_until": event.until.isoformat(),
        }
        for event in events
    ]
    await lots.save_item_status(conn, rows)


async def keep_released(conn: Conn, events: Sequence[ItemReleased]) -> None:
    rows: list[replicas.Row] = [
        {**event.model_dump(mode="json"), "listing_cycle": 0, "status": ItemStatus.AVAILABLE.value} for event in events
    ]
    await lots.save_item_status(conn, rows)


async def keep_found_matches(conn: Conn, events: Sequence[MatchesFound]) -> None:
    rows: list[replicas.Row] = [
        {
            **match.model_dump(mode="json"),
            "item_id": str(event.item_id),
            "listing_cycle": event.listing_cycle,
            "live": True,
        }
        for event in events
        for match in event.matches
    ]
    await replicas.save_matches(conn, rows)


async def keep_closed_matches(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    rows: list[replicas.Row] = [
        {
            **match.model_dump(mode="json"),
            "item_id": str(event.item_id),
            "listing_cycle": event.listing_cycle,
            "requirement_title": "",
            "score": 0,
            "explanation": [],
            "cadence": "daily",
            "live": False,
        }
        for event in events
        for match in event.matches
    ]
    await replicas.save_matches(conn, rows)


async def keep_interests(conn: Conn, events: Sequence[InterestRegistered]) -> None:
    await lots.save_interests(conn, [{**event.model_dump(mode="json"), "live": True} for event in events])


async def keep_closed_interests(conn: Conn, events: Sequence[InterestClosed]) -> None:
    await lots.save_interests(conn, [{**event.model_dump(mode="json"), "live": False} for event in events])


async def keep_windows(conn: Conn, events: Sequence[WindowGranted]) -> None:
    await lots.save_windows(conn, [{**event.model_dump(mode="json"), "live": True} for event in events])


async def keep_extended_windows(conn: Conn, events: Sequence[WindowExtended]) -> None:
    await lots.save_windows(conn, [{**event.model_dump(mode="json"), "live": True} for event in events])


async def keep_closed_windows(conn: Conn, events: Sequence[WindowClosed]) -> None:
    await lots.save_windows(conn, [{**event.model_dump(mode="json"), "live": False} for event in events])


async def keep_opened(conn: Conn, events: Sequence[ItemOpened]) -> None:
    await lots.save_opened(conn, [event.model_dump(mode="json") for event in events])
