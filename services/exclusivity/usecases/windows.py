"""Give a window back, end it, or move its end."""

from uuid import UUID

from services.exclusivity import domain
from services.exclusivity.domain import By, Ending, Outcome, Terms, Window
from services.exclusivity.errors import Hidden, NoExtension, NotYours, WindowEnded
from services.exclusivity.store import items, reading, windows
from services.exclusivity.store.reading import WindowView
from services.exclusivity.usecases.grants import hand_over
from shared import db, outbox
from shared.auth import Actor
from shared.contracts.exclusivity import WindowExtended, WindowExtensionRequested
from shared.db import Conn
from shared.preconditions import check_version
from shared.problems import Invalid

_REASON_MISSING = [{"pointer": "#/reason", "code": "missing", "message": "is required for mills and operators"}]


def side_of(actor: Actor, *, buyer_id: UUID, mill_id: UUID) -> By | None:
    """On which side of a window a person stands; ``None``: on neither, so it does not exist for him."""
    if actor.is_admin:
        return By.OPERATOR
    if actor.organization_id == mill_id:
        return By.MILL
    return By.HOLDER if actor.organization_id == buyer_id else None


async def release_window(conn: Conn, *, window_id: UUID, actor: Actor, version: int, terms: Terms) -> WindowView:
    """The holder gives the lot back early; the next in the queue has it in the same transaction."""
    window, side = await _in_force(conn, window_id, actor=actor, version=version)
    if side != By.HOLDER:
        raise NotYours("Only the holder can give a window back; the mill or an operator can revoke it.")
    ending = Ending(window_id=window.id, outcome=Outcome.RELEASED, by=side)
    await outbox.add(conn, *await hand_over(conn, [ending], terms=terms), actor=actor.ref())
    return await _view(conn, window_id)


async def revoke_window(
    conn: Conn, *, window_id: UUID, actor: Actor, version: int, reason: str, terms: Terms
) -> WindowView:
    """An operator or an owner of the mill ends a window; the holder is told the reason."""
    window, side = await _in_force(conn, window_id, actor=actor, version=version)
    if side == By.HOLDER or (side == By.MILL and not actor.is_owner):
        raise NotYours("Only an owner of the mill or an operator can revoke a window.")
    ending = Ending(window_id=window.id, outcome=Outcome.REVOKED, by=side, reason=reason)
    await outbox.add(conn, *await hand_over(conn, [ending], terms=terms), actor=actor.ref())
    return await _view(conn, window_id)


async def extend_window(
    conn: Conn, *, window_id: UUID, actor: Actor, version: int, reason: str | None, terms: Terms
) -> WindowView:
    """The mill or an operator moves the end of a window; its holder can only ask for that, once for each end."""
    window, side = await _in_force(conn, window_id, actor=actor, version=version)
    if window.extensions_used >= terms.extensions_max:
        raise NoExtension(
            "This window has been extended as often as it can be; settle the deal before it ends.", extensions_left=0
        )
    if side == By.HOLDER:
        if window.extension_asked_for == window.expires_at:
            raise NoExtension("You have asked for more time already; wait for the mill, or call it.")
        await windows.ask_extension(conn, window_id, reason=reason)
        asked = WindowExtensionRequested(
            item_id=window.item_id,
            mill_id=window.mill_id,
            listing_cycle=window.listing_cycle,
            window_id=window.id,
            buyer_id=window.buyer_id,
            expires_at=window.expires_at,
            reason=reason,
        )
        await outbox.add(conn, asked, actor=actor.ref())
        return await _view(conn, window_id)
    if reason is None:
        raise Invalid("Say in reason why the window is extended; the other side reads it.", errors=_REASON_MISSING)
    await windows.extend(conn, window_id, hours=terms.extension_hours, by=side, reason=reason)
    view = await _view(conn, window_id)
    extended = WindowExtended(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.id,
        buyer_id=window.buyer_id,
        old_expires_at=window.expires_at,
        expires_at=view.expires_at,
        by=side.value,
        reason=reason,
    )
    await outbox.add(conn, extended, actor=actor.ref())
    return view


async def _in_force(conn: Conn, window_id: UUID, *, actor: Actor, version: int) -> tuple[Window, By]:
    """The window with its lot locked, and the actor's side; refused when hidden, changed or past its end."""
    seen = await windows.find(conn, window_id)
    side = side_of(actor, buyer_id=seen.buyer_id, mill_id=seen.mill_id) if seen else None
    if seen is None or side is None:
        raise Hidden("window")
    await items.lock_item(conn, seen.item_id)
    window = await windows.find(conn, window_id)
    if window is None or not domain.in_force(window, now=await db.clock(conn)):
        raise WindowEnded
    check_version(window.version, version)
    return window, side


async def _view(conn: Conn, window_id: UUID) -> WindowView:
    view = await reading.window(conn, window_id, party_id=None)
    if view is None:
        raise Hidden("window")
    return view
