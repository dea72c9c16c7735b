"""A mail: stored as it came, then judged, then its lists taken in."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from uuid import UUID

from uuid_utils.compat import uuid7

from services.ingestion.domain.files import LISTS, SHEET_BYTES_MAX, FileKind
from services.ingestion.domain.trust import WORDS, MailReason, automatic, stamped_by, verified
from services.ingestion.errors import MessageNotAgain, MessageNotFound, MessageNotKept
from services.ingestion.mails import Attachment, ParsedMail
from services.ingestion.store import mailboxes, messages, mills
from services.ingestion.store.messages import Message, MessageClaim
from services.ingestion.store.mills import Mill
from services.ingestion.usecases.datasheets import IncomingSheet, receive_datasheet
from services.ingestion.usecases.receive import IncomingList, receive_list
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Conn, notify

CHANNEL = "message"  # wakes the reader of mails
AGAIN = ("quarantined", "ignored", "duplicate")
NAMES_LOGGED_MAX = 3
SHEETS_MAX = 20  # of one mail
NAME_LENGTH_LOGGED_MAX = 100

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail in a mailbox. ``raw`` is ``None`` when it was left there, for ``reason``."""

    mailbox_id: UUID
    uidvalidity: int
    uid: int
    size_bytes: int
    raw: bytes | None
    reason: MailReason | None = None


async def store_message(conn: Conn, seen: Seen) -> bool:
    """Make a row of a mail and count it as read from the mailbox; ``False`` when it was a row already."""
    stored = await messages.insert_message(
        conn,
        message_id=uuid7(),
        mailbox_id=seen.mailbox_id,
        uidvalidity=seen.uidvalidity,
        uid=seen.uid,
        size_bytes=seen.size_bytes,
        raw=seen.raw,
        raw_sha256=None if seen.raw is None else hashlib.sha256(seen.raw).digest(),
        status="received" if seen.raw is not None else "quarantined",
        reason=seen.reason,
        detail=WORDS[seen.reason] if seen.reason else None,
        correlation_id=token_hex(16),
    )
    await mailboxes.advance(conn, mailbox_id=seen.mailbox_id, uidvalidity=seen.uidvalidity, uid=seen.uid)
    if stored and seen.raw is not None:
        await notify(conn, CHANNEL)
    return stored


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: str
    reason: MailReason | None = None
    mill: Mill | None = None


async def refuse_message(conn: Conn, claim: MessageClaim) -> None:
    """A mail that cannot be taken apart, or that ended its reader too often: people see it in the quarantine."""
    await messages.decide(
        conn,
        message_id=claim.message_id,
        attempt=claim.attempt,
        status="quarantined",
        reason=MailReason.UNREADABLE,
        detail=WORDS[MailReason.UNREADABLE],
        id_hash=None,
        sender=None,
        subject=None,
        mill_id=None,
        attachments=(),
    )


async def find(conn: Conn, message_id: UUID, *, mill_id: UUID | None) -> Message:
    """A mail; ``mill_id``: it must be one of this mill."""
    message = await messages.find_message(conn, message_id, mill_id=mill_id)
    if message is None:
        raise MessageNotFound
    return message


async def process_again(conn: Conn, message_id: UUID) -> Message:
    """Let a mail that became no batch be judged anew, by the senders and mills as they are now."""
    message = await find(conn, message_id, mill_id=None)
    if message.status not in AGAIN:
        raise MessageNotAgain(status=message.status)
    if not await messages.reopen(conn, message_id):
        raise MessageNotKept
    await notify(conn, CHANNEL)
    return await find(conn, message_id, mill_id=None)


async def decide_message(
    conn: Conn, claim: MessageClaim, mail: ParsedMail, contents: Sequence[bytes], *, authserv_id: str
) -> int:
    """Judge a mail and take in each list it carries as a batch of its own; the number of batches."""
    outcome = await _judge(conn, claim, mail, authserv_id=authserv_id)
    lists = _lists(mail, contents)
    sheets = _sheets(mail, contents)
    if outcome.status == "batch" and not lists:
        known = _Outcome("datasheet", None, outcome.mill)
        outcome = known if sheets else _Outcome("quarantined", MailReason.NO_LIST, outcome.mill)
    sender = mail.envelope.senders[0] if mail.envelope.senders else None
    decided = await messages.decide(
        conn,
        message_id=claim.message_id,
        attempt=claim.attempt,
        status=outcome.status,
        reason=outcome.reason,
        detail=WORDS[outcome.reason] if outcome.reason else None,
        id_hash=bytes.fromhex(mail.id_hash),
        sender=sender,
        subject=mail.subject,
        mill_id=outcome.mill.organization_id if outcome.mill else None,
        attachments=[_shown(attachment) for attachment in mail.attachments],
    )
    if not decided or outcome.status not in ("batch", "datasheet") or outcome.mill is None:
        return 0
    actor = ActorRef(organization_id=outcome.mill.organization_id, via="mail")
    with trace.tracing(trace.started(actor, correlation_id=claim.correlation_id)):
        for attachment, content in lists:
            incoming = IncomingList(
                mill_id=outcome.mill.organization_id,
                source="mail",
                file_name=attachment.name,
                content=content,
                # A list typed into a mail adds to the others; a file is the mill's list as it stands.
                list_mode="append" if attachment.body else "snapshot",
                message_id=claim.message_id,
                reply_to=sender,
                language=mail.language or outcome.mill.language,
            )
            await receive_list(conn, incoming)
        for attachment, content in sheets:
            sheet = IncomingSheet(
                mill_id=outcome.mill.organization_id,
                source="mail",
                file_name=attachment.name,
                content=content,
                message_id=claim.message_id,
                reply_to=sender,
                language=mail.language or outcome.mill.language,
            )
            await receive_datasheet(conn, sheet)
    return len(lists)


async def _judge(conn: Conn, claim: MessageClaim, mail: ParsedMail, *, authserv_id: str) -> _Outcome:
    senders = mail.envelope.senders
    candidates = await _mills_of(conn, senders[0]) if len(senders) == 1 and "@" in senders[0] else []
    mill = candidates[0] if len(candidates) == 1 else None
    nobody = automatic(mail.envelope)
    if nobody is not None:
        return _Outcome("ignored", nobody, mill)
    if len(senders) != 1 or "@" not in senders[0]:
        return _Outcome("quarantined", MailReason.SEVERAL_SENDERS)
    copied = await messages.taken_before(
        conn,
        message_id=claim.message_id,
        mailbox_id=claim.mailbox_id,
        id_hash=bytes.fromhex(mail.id_hash),
        mill_id=mill.organization_id if mill else None,
        raw_sha256=claim.raw_sha256,
    )
    if copied:
        return _Outcome("duplicate", MailReason.DUPLICATE_MESSAGE, mill)
    if mill is None:
        return _Outcome("quarantined", MailReason.AMBIGUOUS_SENDER if candidates else MailReason.UNKNOWN_SENDER)
    if not verified(mail.envelope, sender_domain=senders[0].rpartition("@")[2], authserv_id=authserv_id):
        await _warn_of_wrong_name(conn, claim, mail, authserv_id=authserv_id)
        return _Outcome("quarantined", MailReason.DMARC_FAIL, mill)
    if not mill.approved:
        return _Outcome("quarantined", MailReason.MILL_NOT_APPROVED, mill)
    return _Outcome("batch", None, mill)


async def _warn_of_wrong_name(conn: Conn, claim: MessageClaim, mail: ParsedMail, *, authserv_id: str) -> None:
    """No mail of this mailbox was ever believed and its server signs otherwise: the setting is wrong, not the mail.

    The names found are a hint only: they may have come with the mail.
    """
    names = stamped_by(mail.envelope)
    if authserv_id.lower() in names or await messages.any_believed(conn, claim.mailbox_id):
        return
    LOG.warning(
        "NO MAIL OF THIS MAILBOX CAN BE BELIEVED: none has Authentication-Results of OFFCUT_AUTHSERV_ID."
        " Set it to the name that your own mail server writes, see README.md",
        extra={
            "mailbox_id": str(claim.mailbox_id),
            "message_id": str(claim.message_id),
            "authserv_id": authserv_id,
            "names_found": [name[:NAME_LENGTH_LOGGED_MAX] for name in names[:NAMES_LOGGED_MAX]],
        },
    )


async def _mills_of(conn: Conn, sender: str) -> list[Mill]:
    """Mills that this sender may speak for; the one that registered the very address before those of its domain."""
    found = await mills.mills_of_sender(conn, sender)
    exact = [mill for mill in found if sender in mill.sender_addresses]
    return exact if len(exact) == 1 else found


def _lists(mail: ParsedMail, contents: Sequence[bytes]) -> list[tuple[Attachment, bytes]]:
    """The attachments that are lists; a list in the text counts only when no file carries one."""
    pairs = [pair for pair in zip(mail.attachments, contents, strict=True) if pair[0].kind in LISTS]
    files = [pair for pair in pairs if not pair[0].body]
    return files or pairs


def _sheets(mail: ParsedMail, contents: Sequence[bytes]) -> list[tuple[Attachment, bytes]]:
    """The attachments that may be data sheets: PDFs of a size that one has."""
    pairs = zip(mail.attachments, contents, strict=True)
    return [pair for pair in pairs if pair[0].kind is FileKind.PDF and pair[0].size <= SHEET_BYTES_MAX][:SHEETS_MAX]


def _shown(attachment: Attachment) -> dict[str, object]:
    listed = attachment.kind in LISTS
    kind = "list" if listed else "datasheet" if attachment.kind is FileKind.PDF else attachment.kind.value
    return {"name": attachment.name, "kind": kind, "sha256": attachment.sha256, "size_bytes": attachment.size}
