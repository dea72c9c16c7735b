"""Mails, mailboxes and exchange rates."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from services.ingestion.api.access import by, mill_of
from services.ingestion.mailbox import MailboxFailed, opened
from services.ingestion.schemas.mail import (
    MailboxIn,
    MailboxPatch,
    MailboxTest,
    MailboxView,
    MessageView,
    RatesIn,
    RatesView,
    mailbox_of,
    message_of,
)
from services.ingestion.store import mailboxes, messages
from services.ingestion.usecases import mailboxes as usecases
from services.ingestion.usecases.messages import find, process_again
from services.ingestion.usecases.rates import set_rates
from shared import trace
from shared.auth import AdminActor, MillActor
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

TEST_CALL_SECONDS = 8  # somebody waits for the answer

routes = router("mail")
tests = router("mail", keyless=True)  # asks another server, so it holds no transaction


def _key(request: Request) -> str | None:
    key = request.app.state.settings.credentials_key
    return None if key is None else key.get_secret_value()


@routes.get("/inbound-messages", response_model=Page[MessageView])
async def list_messages(
    asked: Annotated[Asked, listed(messages.MESSAGES)], actor: MillActor
) -> Page[MessageView] | Response:
    """Every mail seen and what became of it, newest first; a mill sees those in its own name."""
    return await asked.answer(partial(messages.list_messages, mill_id=mill_of(actor)), message_of)


@routes.get("/inbound-messages/{message_id}")
async def get_message(conn: Transaction, actor: MillActor, message_id: UUID) -> MessageView:
    """One mail and what became of it."""
    return message_of(await find(conn, message_id, mill_id=mill_of(actor)))


@routes.post("/inbound-messages/{message_id}/reprocessings", status_code=202)
async def reprocess_message(
    conn: Transaction, actor: AdminActor, _: Keyed, message_id: UUID, response: Response
) -> MessageView:
    """Judge a mail again that became no batch, for example after its sender was registered."""
    with trace.tracing(by(actor)):
        message = await process_again(conn, message_id)
    response.headers["Location"] = f"/mvp/api/inbound-messages/{message_id}"
    response.headers["Retry-After"] = "2"
    return message_of(message)


@routes.get("/mailboxes", response_model=Page[MailboxView])
async def list_mailboxes(
    asked: Annotated[Asked, listed(mailboxes.MAILBOXES)], _: AdminActor
) -> Page[MailboxView] | Response:
    """IMAP mailboxes with their last poll and error."""
    return await asked.answer(mailboxes.asked_for, mailbox_of)


@routes.post("/mailboxes", status_code=201)
async def add_mailbox(
    conn: Transaction, actor: AdminActor, _: Keyed, body: MailboxIn, request: Request, response: Response
) -> MailboxView:
    """Add a mailbox; its password is stored encrypted and never shown."""
    account = _account(body)
    mailbox = await usecases.add_mailbox(conn, name=body.name, account=account, key=_key(request))
    response.headers["Location"] = f"/mvp/api/mailboxes/{mailbox.mailbox_id}"
    tag(response, mailbox.version)
    return mailbox_of(mailbox)


@tests.post("/mailboxes/tests")
async def try_mailbox(actor: AdminActor, body: MailboxIn) -> MailboxTest:
    """Sign in to a mailbox and look, without keeping or changing anything."""
    try:
        async with opened(_account(body), call_seconds=TEST_CALL_SECONDS) as session:
            return MailboxTest(ok=True, messages=len(await session.uids_after(0)), pushes=session.can_idle())
    except MailboxFailed as failed:
        return MailboxTest(ok=False, error=str(failed))


def _account(body: MailboxIn) -> usecases.Account:
    usecases.check_safe(body.host, tls=body.tls)
    return usecases.Account(
        body.host, body.port, body.tls, body.username, body.password.get_secret_value(), body.folder
    )


@routes.patch("/mailboxes/{mailbox_id}")
async def change_mailbox(
    conn: Transaction,
    _: AdminActor,
    mailbox_id: UUID,
    expected: ExpectedVersion,
    body: MailboxPatch,
    request: Request,
    response: Response,
) -> MailboxView:
    """Change or pause a mailbox, or ask for a poll now."""
    change = usecases.MailboxChange(
        host=body.host,
        port=body.port,
        tls=body.tls,
        username=body.username,
        password=None if body.password is None else body.password.get_secret_value(),
        folder=body.folder,
        status=body.status,
        fetch_now=body.fetch_now,
    )
    mailbox = await usecases.change_mailbox(conn, mailbox_id, change, expected=expected, key=_key(request))
    tag(response, mailbox.version)
    return mailbox_of(mailbox)


@routes.put("/exchange-rates/{dated}")
async def put_rates(conn: Transaction, actor: AdminActor, dated: date, body: RatesIn) -> RatesView:
    """Set the exchange rates of a day; prices in other currencies are compared by the newest of the last 7 days."""
    per_base = {currency: rate for currency, rate in body.per_base.items() if currency != body.base}
    with trace.tracing(by(actor)):
        await set_rates(conn, dated=dated, base=body.base, per_base=per_base, user_id=actor.user_id)
    return RatesView(dated=dated, base=body.base, per_base=per_base)
