"""Mails of the gateway: what is to be sent, which link each carries, and what became of it.

Links never enter a stream, so these mails do not travel through newsletter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway import tokens
from gateway.domain import mail_pause_seconds
from gateway.settings import GatewaySettings
from gateway.store import mails as store
from gateway.store.mails import Claimed
from shared.contracts.gateway import UserChanged
from shared.db import Conn, notify

MAILS = "mails"  # NOTIFY channel
INVITATION, RESET, KNOWN = "invitation", "password_reset", "known_already"
PURPOSES = {INVITATION: "invitation", RESET: "password_reset"}
NOTICE_HOURS = 24


async def queue_invitation(conn: Conn, person: UserChanged, *, settings: GatewaySettings, now: datetime) -> None:
    """Write to an invited person; links of earlier invitations end."""
    await store.use_links(conn, person_id=person.user_id, purposes=[INVITATION])
    await _queue(conn, INVITATION, person.email, person.user_id, now, now + timedelta(days=settings.invitation_days))


async def queue_reset(conn: Conn, email: str, *, settings: GatewaySettings, now: datetime) -> None:
    """Note that somebody wants to reset a password; whose it is, if anybody's, is looked up when the mail is sent.

    So the request is the same work, and takes the same time, for an address that nobody has.
    """
    await _queue(conn, RESET, email, None, now, now + timedelta(minutes=settings.reset_minutes))


async def queue_notice(conn: Conn, person: UserChanged, *, settings: GatewaySettings, now: datetime) -> None:
    """Tell somebody that his address was used to register again."""
    await _queue(conn, KNOWN, person.email, person.user_id, now, now + timedelta(hours=NOTICE_HOURS))


async def _queue(
    conn: Conn, kind: str, address: str, person_id: UUID | None, now: datetime, expires_at: datetime
) -> None:
    await store.add(
        conn, mail_id=uuid7(), kind=kind, address=address, person_id=person_id, now=now, expires_at=expires_at
    )
    await notify(conn, MAILS)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to send now; ``token`` opens the link in it, ``None`` for a mere notice."""

    mail: Claimed
    token: str | None


async def claim(conn: Conn, *, settings: GatewaySettings, now: datetime) -> tuple[int, list[Letter]]:
    """Take due mails; how many there were, and those to be sent. Their links open from the commit on."""
    claimed = await store.claim(conn, lease_seconds=settings.mail_lease_seconds, limit=settings.mails_per_claim)
    letters: list[Letter] = []
    for mail in claimed:
        unwanted = await _unwanted(conn, mail, settings=settings, now=now)
        if unwanted is not None:
            status = "failed" if unwanted == "attempts used up" else "dropped"
            await store.end(conn, mail_id=mail.id, attempts=mail.attempts, status=status, answer=unwanted)
            continue
        purpose = PURPOSES.get(mail.kind)
        token = tokens.link_token(mail.id, settings=settings) if purpose else None
        if token is not None and purpose is not None and mail.person_id is not None:
            await store.add_link(
                conn,
                token_hash=tokens.hash_of(token),
                purpose=purpose,
                person_id=mail.person_id,
                expires_at=mail.expires_at,
            )
        letters.append(Letter(mail, token))
    return len(claimed), letters


async def _unwanted(conn: Conn, mail: Claimed, *, settings: GatewaySettings, now: datetime) -> str | None:
    if mail.person_id is None:
        return "nobody has this address"
    if mail.expires_at <= now:
        return "too old"
    if mail.attempts > settings.mail_attempts_max:
        return "attempts used up"
    if mail.kind == INVITATION:
        return None if mail.person_status == "invited" else "not invited any more"
    if mail.person_status != "active":
        return "not active"
    since = mail.created_at - timedelta(minutes=settings.reset_pause_minutes)
    if mail.kind == RESET and await store.reset_sent_since(conn, person_id=mail.person_id, since=since, but=mail.id):
        return "got one a moment ago"
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the mail server said. Code 0: nobody knows what arrived."""

    code: int
    text: str


async def record(conn: Conn, mail: Claimed, answer: Answer) -> None:
    """Write down an answer: 2xx is sent, 5xx is for good, everything else is tried again later."""
    text = f"{answer.code} {answer.text}"
    if 200 <= answer.code < 300:
        await store.end(
            conn, mail_id=mail.id, attempts=mail.attempts, status="sent", answer=text, person_id=mail.person_id
        )
    elif 500 <= answer.code < 600:
        await store.end(conn, mail_id=mail.id, attempts=mail.attempts, status="failed", answer=text)
    else:
        seconds = mail_pause_seconds(mail.attempts)
        await store.put_off(conn, mail_id=mail.id, attempts=mail.attempts, seconds=seconds, answer=text)
