"""What we keep of others: mills of the gateway, lots for sale of catalog."""

from collections.abc import Iterable

from services.ingestion.store import lots, mills
from services.ingestion.store.lots import Snapshot
from services.ingestion.store.mills import Mill
from services.ingestion.store.rows import lot_json
from shared.contracts.catalog import ItemReleased, ItemReserved, ItemSnapshot, ItemStatus, ItemsUnlisted
from shared.contracts.gateway import OrganizationChanged, OrganizationKind
from shared.db import Conn

_FOR_SALE = frozenset({ItemStatus.AVAILABLE, ItemStatus.PRE_PRODUCTION, ItemStatus.RESERVED})


async def keep_mill(conn: Conn, event: OrganizationChanged) -> None:
    """Buyers send no lists, so only mills are kept."""
    if event.kind is not OrganizationKind.MILL:
        return
    await mills.save_mill(
        conn,
        Mill(
            organization_id=event.organization_id,
            version=event.version,
            name=event.name,
            slug=event.slug,
            status=event.status,
            country=event.country,
            language=event.language,
            time_zone=event.time_zone,
            currency=event.currency,
            trusted=event.trusted,
            sender_addresses=event.sender_addresses,
            sender_domains=event.sender_domains,
        ),
    )


async def keep_items(conn: Conn, items: Iterable[ItemSnapshot]) -> None:
    """Lots that are for sale, as catalog has them."""
    snapshots = [
        Snapshot(
            mill_id=item.mill_id,
            lot_key=item.lot_key,
            item_id=item.item_id,
            version=item.version,
            listed=item.status in _FOR_SALE,
            status=item.status,
            lot=lot_json(item.values),
        )
        for item in items
    ]
    if snapshots:
        await lots.save_snapshots(conn, snapshots)


async def keep_unlisted(conn: Conn, event: ItemsUnlisted) -> None:
    """Lots that are for sale no longer."""
    if event.items:
        await lots.save_unlisted(
            conn,
            mill_id=event.mill_id,
            lot_keys=[item.lot_key for item in event.items],
            item_ids=[item.item_id for item in event.items],
            versions=[item.version for item in event.items],
            statuses=[item.reason for item in event.items],
        )


async def keep_hold(conn: Conn, event: ItemReserved | ItemReleased) -> None:
    """Whether a buyer holds a lot: a list changes or withdraws it only when he lets go."""
    status = ItemStatus.RESERVED if isinstance(event, ItemReserved) else ItemStatus.AVAILABLE
    await lots.set_status(conn, item_id=event.item_id, version=event.version, status=status)
