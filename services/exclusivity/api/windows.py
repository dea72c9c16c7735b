"""``/windows``: see, extend, give back and revoke the right to a lot."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.exclusivity import schemas
from services.exclusivity.domain import By, WindowStatus
from services.exclusivity.errors import Hidden, NotTrading
from services.exclusivity.schemas import ExtensionRequest, RevocationRequest, WindowDetail
from services.exclusivity.settings import settings
from services.exclusivity.store import reading
from services.exclusivity.store.reading import WindowView
from services.exclusivity.usecases import windows
from shared.auth import Actor, AnyActor, BuyerActor, MillActor
from shared.db import Conn
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

ROUTER = router("windows", racing=True)


@ROUTER.get("/windows", response_model=Page[schemas.Window], summary="Own windows, newest first")
async def list_windows(
    asked: Annotated[Asked, listed(reading.WINDOWS)], actor: AnyActor
) -> Page[schemas.Window] | Response:
    return await asked.answer(partial(reading.windows, party_id=_party(actor)), _window)


@ROUTER.get("/windows/{window_id}", summary="One window with the other side's contact and what happened so far")
async def get_window(conn: Transaction, actor: AnyActor, window_id: UUID, response: Response) -> WindowDetail:
    view = await reading.window(conn, window_id, party_id=_party(actor))
    if view is None:
        raise Hidden("window")
    return await _detail(conn, view, actor, response)


@ROUTER.post("/windows/{window_id}/extensions", summary="Mill: give more time. Holder: ask the mill for it")
async def extend_window(
    conn: Transaction,
    actor: AnyActor,
    window_id: UUID,
    body: ExtensionRequest,
    _key: Keyed,
    version: ExpectedVersion,
    response: Response,
) -> WindowDetail:
    _must_trade(actor)
    view = await windows.extend_window(
        conn, window_id=window_id, actor=actor, version=version, reason=body.reason, terms=settings().terms()
    )
    return await _detail(conn, view, actor, response)


@ROUTER.post("/windows/{window_id}/releases", summary="Holder: give the lot back early")
async def release_window(
    conn: Transaction, actor: BuyerActor, window_id: UUID, _key: Keyed, version: ExpectedVersion, response: Response
) -> WindowDetail:
    view = await windows.release_window(
        conn, window_id=window_id, actor=actor, version=version, terms=settings().terms()
    )
    return await _detail(conn, view, actor, response)


@ROUTER.post("/windows/{window_id}/revocations", summary="Operator or owner of the mill: end a window, with the reason")
async def revoke_window(
    conn: Transaction,
    actor: MillActor,
    window_id: UUID,
    body: RevocationRequest,
    _key: Keyed,
    version: ExpectedVersion,
    response: Response,
) -> WindowDetail:
    _must_trade(actor)
    view = await windows.revoke_window(
        conn, window_id=window_id, actor=actor, version=version, reason=body.reason, terms=settings().terms()
    )
    return await _detail(conn, view, actor, response)


def _party(actor: Actor) -> UUID | None:
    return None if actor.is_admin else actor.organization_id


def _must_trade(actor: Actor) -> None:
    if actor.suspended:
        raise NotTrading("suspended")


def _window(view: WindowView) -> schemas.Window:
    active = view.status == WindowStatus.ACTIVE
    left = (view.expires_at - view.at).total_seconds() if active else 0
    return schemas.Window(
        id=view.id,
        version=view.version,
        status=WindowStatus(view.status).value,
        outcome=view.outcome,
        reason=view.reason,
        item_id=view.item_id,
        mill_id=view.mill_id,
        buyer_id=view.buyer_id,
        listing_cycle=view.listing_cycle,
        grant_number=view.grant_number,
        max_grants=view.max_grants,
        granted_at=view.granted_at,
        expires_at=view.expires_at,
        ended_at=view.ended_at,
        expires_in_seconds=max(0, int(left)),
        server_time=view.at,
        extensions_used=view.extensions_used,
        extensions_left=max(0, settings().extensions_max - view.extensions_used) if active else 0,
        extension_requested=active and view.extension_asked_for == view.expires_at,
    )


async def _detail(conn: Conn, view: WindowView, actor: Actor, response: Response) -> WindowDetail:
    side = windows.side_of(actor, buyer_id=view.buyer_id, mill_id=view.mill_id)
    timeline = [
        schemas.TimelineEntry(at=one.at, entry=one.entry, by=one.by_role, reason=one.reason)
        for one in await reading.history(conn, view.id)
    ]
    tag(response, view.version, side)
    # A suspended company sees its own records and nothing of others.
    card = None if actor.suspended else _card(view, side)
    return WindowDetail(**_window(view).model_dump(), counterparty=card, timeline=timeline)


def _card(view: WindowView, side: By | None) -> schemas.Counterparty | None:
    if side != By.HOLDER:
        return _counterparty(view.buyer_id, view.buyer_name, view.buyer_contacts)
    if view.mill_name is None:
        return None
    return _counterparty(view.mill_id, view.mill_name, view.mill_contacts or [])


def _counterparty(organization_id: UUID, name: str, contacts: list[dict[str, object]]) -> schemas.Counterparty:
    cards = [schemas.Contact.model_validate(one) for one in contacts]
    return schemas.Counterparty(id=organization_id, name=name, contact=cards[0] if cards else None, contacts=cards)
