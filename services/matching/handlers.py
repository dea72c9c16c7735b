"""What matching does when others have news. Scoring itself happens in the job, one transaction at a time."""

from collections.abc import Sequence

from services.matching.store.market import OrganizationRow
from services.matching.usecases import matches, replicas
from shared.consumer import on
from shared.contracts.catalog import ItemsChanged, ItemsListed, ItemsUnlisted, VisibilityChanged
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowClosed, WindowGranted
from shared.contracts.gateway import OrganizationChanged
from shared.contracts.ingestion import RatesChanged
from shared.contracts.newsletter import DeliveriesProgressed, IssueSent
from shared.db import Conn, clock
from shared.trace import caused_by, tracing


async def on_items_listed(conn: Conn, events: Sequence[ItemsListed]) -> None:
    now = await clock(conn)
    for event in events:
        with tracing(caused_by(event)):
            await replicas.take_in_items(conn, event, now=now)


async def on_items_changed(conn: Conn, events: Sequence[ItemsChanged]) -> None:
    now = await clock(conn)
    for event in events:
        with tracing(caused_by(event)):
            await replicas.take_in_items(conn, event, now=now)


async def on_items_unlisted(conn: Conn, events: Sequence[ItemsUnlisted]) -> None:
    now = await clock(conn)
    for event in events:
        with tracing(caused_by(event)):
            await replicas.take_off_items(conn, event, now=now)


async def on_organization_changed(conn: Conn, events: Sequence[OrganizationChanged]) -> None:
    for event in events:
        organization = OrganizationRow(
            organization_id=event.organization_id,
            kind=event.kind.value,
            status=event.status.value,
            country=event.country,
            segment=event.segment,
        )
        with tracing(caused_by(event)):
            await replicas.take_in_organization(conn, organization, version=event.version)


async def on_visibility_changed(conn: Conn, events: Sequence[VisibilityChanged]) -> None:
    for event in events:
        with tracing(caused_by(event)):
            await replicas.take_in_rules(conn, mill_id=event.mill_id, version=event.version, rules=event.rules)


async def on_rates_changed(conn: Conn, events: Sequence[RatesChanged]) -> None:
    for event in events:
        with tracing(caused_by(event)):
            await replicas.take_in_rates(conn, dated=event.dated, base=event.base, per_base=event.per_base)


async def on_interest_registered(conn: Conn, events: Sequence[InterestRegistered]) -> None:
    now = await clock(conn)
    for event in events:
        await replicas.follow_interest(conn, event, now=now)


async def on_interest_closed(conn: Conn, events: Sequence[InterestClosed]) -> None:
    now = await clock(conn)
    for event in events:
        await replicas.follow_interest(conn, event, now=now)


async def on_window_granted(conn: Conn, events: Sequence[WindowGranted]) -> None:
    """Whoever holds a window is interested, even if his interest is read later than the grant."""
    now = await clock(conn)
    for event in events:
        await replicas.follow_grant(conn, event, now=now)


async def on_window_closed(conn: Conn, events: Sequence[WindowClosed]) -> None:
    now = await clock(conn)
    for event in events:
        with tracing(caused_by(event)):
            await replicas.follow_window(conn, event, now=now)


async def on_issue_sent(conn: Conn, events: Sequence[IssueSent]) -> None:
    await matches.count_shown(conn, events, now=await clock(conn))


async def on_deliveries_progressed(conn: Conn, events: Sequence[DeliveriesProgressed]) -> None:
    await matches.count_clicks(conn, events)


SUBSCRIPTIONS = (
    on(OrganizationChanged, on_organization_changed),
    on(RatesChanged, on_rates_changed),
    on(VisibilityChanged, on_visibility_changed),
    on(ItemsListed, on_items_listed),
    on(ItemsChanged, on_items_changed),
    on(ItemsUnlisted, on_items_unlisted),
    on(InterestRegistered, on_interest_registered),
    on(InterestClosed, on_interest_closed),
    on(WindowGranted, on_window_granted),
    on(WindowClosed, on_window_closed),
    on(IssueSent, on_issue_sent),
    on(DeliveriesProgressed, on_deliveries_progressed),
)
