"""What catalog does when something happened elsewhere."""

from collections.abc import Sequence

from services.catalog.settings import settings
from services.catalog.usecases import datasheets, holds
from services.catalog.usecases.organizations import take_over_organizations
from services.catalog.usecases.rows import Part, apply_rows
from shared.consumer import on
from shared.contracts.exclusivity import (
    InterestClosed,
    InterestRegistered,
    ItemOpened,
    WindowClosed,
    WindowExtended,
    WindowGranted,
)
from shared.contracts.gateway import OrganizationChanged
from shared.contracts.ingestion import DatasheetApproved, RowsAccepted
from shared.contracts.matching import MatchesClosed, MatchesFound
from shared.contracts.types import BatchId, MillId
from shared.db import Conn, clock


async def on_organizations_changed(conn: Conn, events: Sequence[OrganizationChanged]) -> None:
    now = await clock(conn)
    await take_over_organizations(conn, events=events, now=now, listing_days=settings().listing_days)


async def on_rows_accepted(conn: Conn, events: Sequence[RowsAccepted]) -> None:
    now = await clock(conn)
    parts = [
        Part(
            batch_id=BatchId(event.batch_id),
            mill_id=MillId(event.mill_id),
            number=event.part,
            of=event.parts,
            header_fingerprint=event.header_fingerprint,
            rows=event.rows,
        )
        for event in events
    ]
    await apply_rows(conn, parts=parts, now=now, listing_days=settings().listing_days)


async def on_datasheets_approved(conn: Conn, events: Sequence[DatasheetApproved]) -> None:
    await datasheets.keep_datasheets(conn, events, now=await clock(conn))


async def on_matches_found(conn: Conn, events: Sequence[MatchesFound]) -> None:
    await holds.record_matches(conn, events)


async def on_matches_closed(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    await holds.close_matches(conn, events)


async def on_interests_registered(conn: Conn, events: Sequence[InterestRegistered]) -> None:
    for event in events:
        await holds.record_interest(conn, event)


async def on_interests_closed(conn: Conn, events: Sequence[InterestClosed]) -> None:
    for event in events:
        await holds.close_interest(conn, event)


async def on_windows_granted(conn: Conn, events: Sequence[WindowGranted]) -> None:
    await holds.reserve_items(conn, events=events, now=await clock(conn), listing_days=settings().listing_days)


async def on_windows_extended(conn: Conn, events: Sequence[WindowExtended]) -> None:
    await holds.extend_holds(conn, events=events, now=await clock(conn), listing_days=settings().listing_days)


async def on_windows_closed(conn: Conn, events: Sequence[WindowClosed]) -> None:
    await holds.end_holds(conn, events=events, now=await clock(conn), listing_days=settings().listing_days)


async def on_items_opened(conn: Conn, events: Sequence[ItemOpened]) -> None:
    for event in events:
        await holds.open_item(conn, event)


SUBSCRIPTIONS = (
    on(OrganizationChanged, on_organizations_changed),
    on(RowsAccepted, on_rows_accepted),
    on(DatasheetApproved, on_datasheets_approved),
    on(MatchesFound, on_matches_found),
    on(MatchesClosed, on_matches_closed),
    on(InterestRegistered, on_interests_registered),
    on(InterestClosed, on_interests_closed),
    on(WindowGranted, on_windows_granted),
    on(WindowExtended, on_windows_extended),
    on(WindowClosed, on_windows_closed),
    on(ItemOpened, on_items_opened),
)
