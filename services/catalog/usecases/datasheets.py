"""What data sheets say of items, kept to be shown with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.catalog.domain.items import LISTED
from services.catalog.store import datasheets, organizations
from services.catalog.store import items as item_store
from services.catalog.usecases import publishing
from shared.contracts.ingestion import DatasheetApproved
from shared.contracts.types import MillId
from shared.db import Conn

CHANGED = ("datasheets",)


async def keep_datasheets(conn: Conn, events: Sequence[DatasheetApproved], *, now: datetime) -> None:
    """Keep the newest version of each; an item that gains, loses or changes one gets a new version itself."""
    await organizations.lock_mills(conn, [MillId(event.mill_id) for event in events])
    for event in events:
        before = set(await datasheets.items_of(conn, event.datasheet_id))
        sheet = datasheets.Sheet(
            datasheet_id=event.datasheet_id,
            mill_id=event.mill_id,
            version=event.version,
            file_name=event.file_name,
            product=event.product,
            revision_date=event.revision_date,
            values=[one.model_dump(mode="json") for one in event.values],
            item_ids=event.item_ids,
        )
        if not await datasheets.save(conn, sheet):
            continue
        if event.replaces:
            for one in event.replaces:
                before |= set(await datasheets.items_of(conn, one))
            await datasheets.replace(conn, mill_id=event.mill_id, datasheet_ids=event.replaces)
        found = await item_store.lock_items(conn, sorted(before | set(event.item_ids)))
        own = [item for item in found.values() if item.mill_id == event.mill_id]
        after = [replace(item, version=item.version + 1, updated_at=now) for item in own]
        await item_store.save(conn, after)
        for item in after:
            if item.status in LISTED:
                await publishing.publish_changed(conn, item, CHANGED)
