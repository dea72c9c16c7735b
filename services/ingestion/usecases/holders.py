"""Who holds or bought which item, as exclusivity and catalog say: he may have its data sheets."""

from services.ingestion.store import sheet_values
from shared.contracts.catalog import ItemsUnlisted, UnlistReason
from shared.contracts.exclusivity import WindowClosed, WindowExtended, WindowGranted, WindowOutcome
from shared.db import Conn


async def keep_window(conn: Conn, event: WindowGranted | WindowExtended) -> None:
    """A buyer holds an item until the window ends."""
    await sheet_values.hold(
        conn,
        item_id=event.item_id,
        buyer_id=event.buyer_id,
        window_id=event.window_id,
        expires_at=event.expires_at,
        purchased=False,
    )


async def end_window(conn: Conn, event: WindowClosed) -> None:
    """He holds it no longer; he may have bought it."""
    await sheet_values.hold(
        conn,
        item_id=event.item_id,
        buyer_id=event.buyer_id,
        window_id=event.window_id,
        expires_at=None,
        purchased=event.outcome is WindowOutcome.CONVERTED,
    )


async def keep_purchases(conn: Conn, event: ItemsUnlisted) -> None:
    """Items sold outside a window have a buyer too."""
    sold = [item for item in event.items if item.reason is UnlistReason.SOLD and item.buyer_id is not None]
    if sold:
        await sheet_values.record_purchases(
            conn,
            item_ids=[item.item_id for item in sold],
            buyer_ids=[item.buyer_id for item in sold if item.buyer_id is not None],
        )
