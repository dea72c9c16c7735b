"""Empty the mailboxes: look, fetch, store, and only then mark. And listen, so that a mail is seen at once."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from services.ingestion.domain.trust import MailReason
from services.ingestion.mailbox import MailboxFailed, MailSession, opened
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import mailboxes
from services.ingestion.store.mailboxes import Mailbox
from services.ingestion.usecases.mailboxes import CHANNEL, Account, account_of, account_of_url, keep_default
from services.ingestion.usecases.messages import Seen, store_message
from shared import faults
from shared.db import Database, notify
from shared.faults import Step

LOG = logging.getLogger(__name__)
RETRY_SECONDS = 15.0  # a mail server that was away is listened to again soon
LISTEN_SLICE_SECONDS = 2.0  # how long one run of the listening job holds up a stop


async def collect(db: Database, settings: IngestionSettings) -> int:
    """Store every new mail of every active mailbox; the number of mails stored."""
    stored = 0
    for mailbox, account in await accounts(db, settings):
        if account is None:
            async with db.transaction() as conn:
                await mailboxes.record_poll(
                    conn, mailbox_id=mailbox.mailbox_id, error="the password cannot be read: is the key the old one?"
                )
            continue
        stored += await _poll(db, settings, mailbox, account)
    return stored


async def accounts(db: Database, settings: IngestionSettings) -> list[tuple[Mailbox, Account | None]]:
    """Active mailboxes with how to get in."""
    default = account_of_url(settings.imap_url.get_secret_value()) if settings.imap_url else None
    key = settings.credentials_key.get_secret_value() if settings.credentials_key else None
    async with db.transaction() as conn:
        if default is not None:
            await keep_default(conn, default)
        present = [one for one in await mailboxes.list_mailboxes(conn) if one.status == "active"]
    return [(one, account_of(one, default=default, key=key)) for one in present]


@dataclass(slots=True)
class _Progress:
    stored: int = 0
    uid: int | None = None  # the mail in hand


async def _poll(db: Database, settings: IngestionSettings, mailbox: Mailbox, account: Account) -> int:
    progress = _Progress()
    error: str | None = None
    try:
        async with opened(account, call_seconds=settings.imap_call_seconds) as session:
            await _take_new(db, settings, mailbox, session, progress)
    except MailboxFailed as failed:
        error = str(failed)
        LOG.warning("mailbox cannot be read", extra={"mailbox": mailbox.name, "error": error, "uid": progress.uid})
    async with db.transaction() as conn:
        await mailboxes.record_poll(
            conn,
            mailbox_id=mailbox.mailbox_id,
            error=error,
            failing_uid=progress.uid if error else None,
        )
    return progress.stored


async def _take_new(
    db: Database, settings: IngestionSettings, mailbox: Mailbox, session: MailSession, progress: _Progress
) -> None:
    same = mailbox.uidvalidity == session.uidvalidity
    new = await session.uids_after(mailbox.last_uid if same else 0)
    for uid in new[: settings.messages_per_poll_max]:
        progress.uid = uid
        given_up = (
            (same or mailbox.uidvalidity is None)
            and mailbox.failing_uid == uid
            and mailbox.failing_times >= settings.fetch_attempts_max
        )
        seen = await _seen(settings, mailbox, session, uid, given_up=given_up)
        faults.reached(Step.MAIL_FETCHED)
        async with db.transaction() as conn:
            if seen is None:
                await mailboxes.advance(conn, mailbox_id=mailbox.mailbox_id, uidvalidity=session.uidvalidity, uid=uid)
            elif await store_message(conn, seen):
                progress.stored += 1
        faults.reached(Step.MAIL_STORED)
        progress.uid = None  # it is safe now; a failure from here on is not its fault
        if not given_up:
            await session.mark(uid)
        faults.reached(Step.MAIL_MARKED)


async def _seen(
    settings: IngestionSettings, mailbox: Mailbox, session: MailSession, uid: int, *, given_up: bool
) -> Seen | None:
    """The mail, with its content unless it is too large or broke the connection too often; ``None``: it is gone."""
    reason = MailReason.NOT_FETCHED if given_up else None
    size = 0 if given_up else await session.size_of(uid)
    if size is None:
        return None
    if size > settings.message_bytes_max:
        reason = MailReason.TOO_LARGE
    raw = None if reason else await session.fetch(uid)
    if raw is None and reason is None:
        return None
    return Seen(mailbox.mailbox_id, session.uidvalidity, uid, size if raw is None else len(raw), raw, reason)


class Listener:
    """Idles on every mailbox whose server offers it, and wakes the poll; a hint only, the poll has its own clock."""

    def __init__(self) -> None:
        self._stack: contextlib.AsyncExitStack | None = None
        self._sessions: list[MailSession] = []
        self._until = 0.0

    async def listen(self, db: Database, settings: IngestionSettings) -> bool:
        """Listen for a moment; was there a sign of new mail?"""
        if self._stack is None or time.monotonic() > self._until:
            await self.close()
            news = await self._open(db, settings)
        else:
            news = await self._hear()
        if news:
            async with db.transaction() as conn:
                await notify(conn, CHANNEL)
        return news

    async def close(self) -> None:
        stack, self._stack, self._sessions = self._stack, None, []
        if stack is not None:
            with contextlib.suppress(MailboxFailed):
                await stack.aclose()

    async def _open(self, db: Database, settings: IngestionSettings) -> bool:
        """Connect anew; mails that came while nobody listened are news."""
        known = await accounts(db, settings)
        self._stack = contextlib.AsyncExitStack()
        self._until = time.monotonic() + settings.imap_idle_seconds
        news = False
        for mailbox, account in known:
            if account is None:
                continue
            try:
                session = await self._stack.enter_async_context(
                    opened(account, call_seconds=settings.imap_call_seconds)
                )
                since = mailbox.last_uid if mailbox.uidvalidity == session.uidvalidity else 0
                news = bool(await session.uids_after(since)) or news
                if session.can_idle():
                    await session.begin_idle(settings.imap_idle_seconds + 30)
                    self._sessions.append(session)
            except MailboxFailed as failed:
                LOG.info("cannot listen", extra={"mailbox": mailbox.name, "error": str(failed)})
                self._until = min(self._until, time.monotonic() + RETRY_SECONDS)
        return news

    async def _hear(self) -> bool:
        if not self._sessions:
            await asyncio.sleep(LISTEN_SLICE_SECONDS)
            return False
        heard = await asyncio.gather(
            *(session.pushed(LISTEN_SLICE_SECONDS) for session in self._sessions), return_exceptions=True
        )
        for one in heard:
            if isinstance(one, BaseException) and not isinstance(one, MailboxFailed):
                raise one
        if any(isinstance(one, MailboxFailed) for one in heard):
            self._until = 0.0  # connect anew at the next run
        return any(one is True for one in heard)
