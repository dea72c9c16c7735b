"""What ingestion does when others say something."""

from collections.abc import Sequence

from services.ingestion.usecases import holders
from services.ingestion.usecases.commits import record_answers
from services.ingestion.usecases.datasheets import link_new_lots
from services.ingestion.usecases.replicas import keep_hold, keep_items, keep_mill, keep_unlisted
from shared.consumer import on
from shared.contracts.catalog import (
    ItemReleased,
    ItemReserved,
    ItemsChanged,
    ItemsListed,
    ItemsUnlisted,
    RowsApplied,
)
from shared.contracts.exclusivity import WindowClosed, WindowExtended, WindowGranted
from shared.contracts.gateway import OrganizationChanged
from shared.db import Conn


async def on_organization_changed(conn: Conn, events: Sequence[OrganizationChanged]) -> None:
    for event in events:
        await keep_mill(conn, event)


async def on_rows_applied(conn: Conn, events: Sequence[RowsApplied]) -> None:
    for event in events:
        await record_answers(conn, event)


async def on_items_listed(conn: Conn, events: Sequence[ItemsListed]) -> None:
    items = [item for event in events for item in event.items]
    await keep_items(conn, items)
    await link_new_lots(conn, [item.item_id for item in items], mill_ids=sorted({item.mill_id for item in items}))


async def on_items_changed(conn: Conn, events: Sequence[ItemsChanged]) -> None:
    await keep_items(conn, [item for event in events for item in event.items])


async def on_items_unlisted(conn: Conn, events: Sequence[ItemsUnlisted]) -> None:
    for event in events:
        await keep_unlisted(conn, event)
        await holders.keep_purchases(conn, event)


async def on_windows_granted(conn: Conn, events: Sequence[WindowGranted]) -> None:
    for event in events:
        await holders.keep_window(conn, event)


async def on_windows_extended(conn: Conn, events: Sequence[WindowExtended]) -> None:
    for event in events:
        await holders.keep_window(conn, event)


async def on_windows_closed(conn: Conn, events: Sequence[WindowClosed]) -> None:
    for event in events:
        await holders.end_window(conn, event)


async def on_items_held(conn: Conn, events: Sequence[ItemReserved] | Sequence[ItemReleased]) -> None:
    for event in events:
        await keep_hold(conn, event)


SUBSCRIPTIONS = (
    on(OrganizationChanged, on_organization_changed),
    on(RowsApplied, on_rows_applied),
    on(ItemsListed, on_items_listed),
    on(ItemsChanged, on_items_changed),
    on(ItemsUnlisted, on_items_unlisted),
    on(ItemReserved, on_items_held),
    on(ItemReleased, on_items_held),
    on(WindowGranted, on_windows_granted),
    on(WindowExtended, on_windows_extended),
    on(WindowClosed, on_windows_closed),
)
