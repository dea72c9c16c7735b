"""Mails, mailboxes and exchange rates on the wire."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from services.ingestion.store.mailboxes import Mailbox
from services.ingestion.store.messages import Message
from shared.bodies import RequestBody
from shared.instants import Instant

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[Decimal, Field(gt=0, lt=Decimal(1_000_000), max_digits=18, decimal_places=9)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=500)]


class AttachmentView(BaseModel):
    name: str
    kind: str
    sha256: str
    size_bytes: int


class MessageView(BaseModel):
    """A mail and what became of it: batch, datasheet (when it brings no list), ignored, quarantined or duplicate.

    ``received``: not read yet.
    """

    id: UUID
    mailbox_id: UUID
    status: str
    reason: str | None
    detail: str | None
    sender: str | None
    subject: str | None
    mill_id: UUID | None
    size_bytes: int
    attachments: list[AttachmentView]
    batch_ids: list[UUID]
    datasheet_ids: list[UUID]
    received_at: Instant
    decided_at: Instant | None


def message_of(message: Message) -> MessageView:
    return MessageView(
        id=message.message_id,
        mailbox_id=message.mailbox_id,
        status=message.status,
        reason=message.reason,
        detail=message.detail,
        sender=message.sender,
        subject=message.subject,
        mill_id=message.mill_id,
        size_bytes=message.size_bytes,
        attachments=[AttachmentView.model_validate(one) for one in message.attachments],
        batch_ids=list(message.batch_ids),
        datasheet_ids=list(message.datasheet_ids),
        received_at=message.received_at,
        decided_at=message.decided_at,
    )


class MailboxView(BaseModel):
    """Passwords are never shown. ``last_error`` is ``null`` while the mailbox can be read.

    ``lag_seconds`` since it was last read to its end; ``null``: it never was.
    """

    id: UUID
    version: int
    name: str
    host: str
    port: int
    tls: bool
    username: str
    folder: str
    status: str
    from_settings: bool
    polled_at: Instant | None
    succeeded_at: Instant | None
    lag_seconds: int | None
    last_error: str | None


def mailbox_of(mailbox: Mailbox) -> MailboxView:
    return MailboxView(
        id=mailbox.mailbox_id,
        version=mailbox.version,
        name=mailbox.name,
        host=mailbox.host,
        port=mailbox.port,
        tls=mailbox.tls,
        username=mailbox.username,
        folder=mailbox.folder,
        status=mailbox.status,
        from_settings=mailbox.sealed_password is None,
        polled_at=mailbox.polled_at,
        succeeded_at=mailbox.succeeded_at,
        lag_seconds=mailbox.lag_seconds,
        last_error=mailbox.last_error,
    )


class MailboxIn(RequestBody):
    """Without TLS only servers on this machine are taken."""

    name: Line
    host: Host
    port: int = Field(993, ge=1, le=65535)
    tls: bool = True
    username: Line
    password: Secret
    folder: Line = "INBOX"


class MailboxTest(BaseModel):
    """``error`` says what to look at; ``pushes``: the server tells of new mail by itself (IDLE)."""

    ok: bool
    error: str | None = None
    messages: int | None = None
    pushes: bool | None = None


class MailboxPatch(RequestBody):
    host: Host | None = None
    port: int | None = Field(None, ge=1, le=65535)
    tls: bool | None = None
    username: Line | None = None
    password: Secret | None = None
    folder: Line | None = None
    status: Literal["active", "paused"] | None = None
    fetch_now: bool = False


class RatesIn(RequestBody):
    """Units of each currency for one ``base``."""

    base: Currency = "EUR"
    per_base: dict[Currency, Rate] = Field(min_length=1, max_length=200)


class RatesView(BaseModel):
    dated: date
    base: str
    per_base: dict[str, Decimal]
