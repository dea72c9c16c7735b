"""Mails, from the moment they are seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import Conn, execute, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Message:
    message_id: UUID
    mailbox_id: UUID
    size_bytes: int
    status: str
    reason: str | None
    detail: str | None
    sender: str | None
    subject: str | None
    mill_id: UUID | None
    attachments: Sequence[Mapping[str, object]]
    batch_ids: Sequence[UUID]
    datasheet_ids: Sequence[UUID]
    received_at: datetime
    decided_at: datetime | None


async def insert_message(
    conn: Conn,
    *,
    message_id: UUID,
    mailbox_id: UUID,
    uidvalidity: int,
    uid: int,
    size_bytes: int,
    raw: bytes | None,
    raw_sha256: bytes | None,
    status: str,
    reason: str | None,
    detail: str | None,
    correlation_id: str,
) -> bool:
    """Store a mail as it came; ``False`` when this very number is a row already."""
    return bool(
        await execute(
            conn,
            """
            INSERT INTO inbound_message (message_id, mailbox_id, uidvalidity, uid, size_bytes, raw, raw_sha256, status,
                                         reason, detail, correlation_id, received_at, decided_at)
            VALUES (%(message_id)s, %(mailbox_id)s, %(uidvalidity)s, %(uid)s, %(size_bytes)s, %(raw)s, %(raw_sha256)s,
                    %(status)s, %(reason)s, %(detail)s, %(correlation_id)s, clock(),
                    CASE WHEN %(status)s = 'received' THEN NULL ELSE clock() END)
            ON CONFLICT (mailbox_id, uidvalidity, uid) DO NOTHING
            """,
            {
                "message_id": message_id,
                "mailbox_id": mailbox_id,
                "uidvalidity": uidvalidity,
                "uid": uid,
                "size_bytes": size_bytes,
                "raw": raw,
                "raw_sha256": raw_sha256,
                "status": status,
                "reason": reason,
                "detail": detail,
                "correlation_id": correlation_id,
            },
        )
    )


@dataclass(frozen=True, slots=True)
class MessageClaim:
    message_id: UUID
    mailbox_id: UUID
    raw: bytes
    raw_sha256: bytes
    correlation_id: str
    attempt: int


async def claim_message(conn: Conn, *, lease_seconds: int) -> MessageClaim | None:
    """Take the oldest mail that nobody has read yet."""
    return await fetch_one(
        conn,
        MessageClaim,
        """
        UPDATE inbound_message
        SET attempts = attempts + 1, leased_until = clock() + %(lease_seconds)s * interval '1 second'
        WHERE message_id = (
            SELECT message_id
            FROM inbound_message
            WHERE status = 'received' AND coalesce(leased_until, '-infinity') < clock()
            ORDER BY message_id
            FOR UPDATE SKIP LOCKED
            LIMIT 1
        )
        RETURNING message_id, mailbox_id, raw, raw_sha256, correlation_id, attempts AS attempt
        """,
        {"lease_seconds": lease_seconds},
    )


async def decide(
    conn: Conn,
    *,
    message_id: UUID,
    attempt: int,
    status: str,
    reason: str | None,
    detail: str | None,
    id_hash: bytes | None,
    sender: str | None,
    subject: str | None,
    mill_id: UUID | None,
    attachments: Sequence[Mapping[str, object]],
) -> bool:
    """Write what became of a mail, once; ``False`` when somebody else did or our lease is over."""
    return bool(
        await execute(
            conn,
            """
            UPDATE inbound_message
            SET status = %(status)s, reason = %(reason)s, detail = %(detail)s, id_hash = %(id_hash)s,
                sender = %(sender)s, subject = %(subject)s, mill_id = %(mill_id)s, attachments = %(attachments)s,
                decided_at = clock(), leased_until = NULL
            WHERE message_id = %(message_id)s AND status = 'received' AND attempts = %(attempt)s
            """,
            {
                "message_id": message_id,
                "attempt": attempt,
                "status": status,
                "reason": reason,
                "detail": detail,
                "id_hash": id_hash,
                "sender": sender,
                "subject": subject,
                "mill_id": mill_id,
                "attachments": Jsonb(list(attachments)),
            },
        )
    )


async def taken_before(
    conn: Conn, *, message_id: UUID, mailbox_id: UUID, id_hash: bytes, mill_id: UUID | None, raw_sha256: bytes
) -> bool:
    """Is it a copy: the same Message-ID taken from the same mill, or byte for byte a mail that was decided?"""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT 1
            FROM inbound_message
            WHERE mailbox_id = %(mailbox_id)s AND message_id <> %(message_id)s
              AND ((id_hash = %(id_hash)s AND status IN ('batch', 'datasheet') AND mill_id = %(mill_id)s)
                   OR (raw_sha256 = %(raw_sha256)s AND status <> 'received'))
        )
        """,
        {
            "message_id": message_id,
            "mailbox_id": mailbox_id,
            "id_hash": id_hash,
            "mill_id": mill_id,
            "raw_sha256": raw_sha256,
        },
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def find_message(conn: Conn, message_id: UUID, *, mill_id: UUID | None) -> Message | None:
    """A mail; ``mill_id``: only when its sender is this mill, verified."""
    return await fetch_one(
        conn,
        Message,
        """
        SELECT m.message_id, m.mailbox_id, m.size_bytes, m.status, m.reason, m.detail, m.sender, m.subject, m.mill_id,
               m.attachments, m.received_at, m.decided_at,
               ARRAY(SELECT b.batch_id FROM batch b WHERE b.message_id = m.message_id ORDER BY 1) AS batch_ids,
               ARRAY(SELECT d.datasheet_id FROM datasheet d WHERE d.message_id = m.message_id ORDER BY 1)
                   AS datasheet_ids
        FROM inbound_message m
        WHERE m.message_id = %(message_id)s AND (%(mill_id)s::uuid IS NULL OR m.mill_id = %(mill_id)s)
        """,
        {"message_id": message_id, "mill_id": mill_id},
    )


async def reopen(conn: Conn, message_id: UUID) -> bool:
    """Make a mail wait for its reader again; ``False`` when it was never fetched or has become a batch meanwhile."""
    return bool(
        await execute(
            conn,
            """
            UPDATE inbound_message
            SET status = 'received', reason = NULL, detail = NULL, attempts = 0, leased_until = NULL, decided_at = NULL
            WHERE message_id = %(message_id)s AND status NOT IN ('batch', 'datasheet') AND raw IS NOT NULL
            """,
            {"message_id": message_id},
        )
    )


async def any_believed(conn: Conn, mailbox_id: UUID) -> bool:
    """Has any mail of this mailbox become a batch?"""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT 1 FROM inbound_message
            WHERE mailbox_id = %(mailbox_id)s AND status IN ('batch', 'datasheet')
        )
        """,
        {"mailbox_id": mailbox_id},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


MESSAGES = Listing(
    {
        "status": Field(
            Kind.TEXT, "m.status", words=("received", "batch", "datasheet", "ignored", "quarantined", "duplicate")
        ),
        "reason": Field(Kind.TEXT, "m.reason", nullable=True),
        "mill_id": Field(Kind.ID, "m.mill_id", nullable=True),
        "mailbox_id": Field(Kind.ID, "m.mailbox_id"),
        "sender": Field(Kind.TEXT, "lower(m.sender)", nullable=True, folded=True),
        "subject": Field(Kind.TEXT, "m.subject", nullable=True),
        "received_at": Field(Kind.INSTANT, "m.received_at"),
        "decided_at": Field(Kind.INSTANT, "m.decided_at", nullable=True),
    },
    id="m.message_id",
)


async def list_messages(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[Message]:
    """Mails seen. ``mill_id``: only those whose sender is this mill, verified."""
    return await question.fetch(
        conn,
        Message,
        """
        SELECT {mark},
               m.message_id, m.mailbox_id, m.size_bytes, m.status, m.reason, m.detail, m.sender, m.subject, m.mill_id,
               m.attachments, m.received_at, m.decided_at,
               ARRAY(SELECT b.batch_id FROM batch b WHERE b.message_id = m.message_id ORDER BY 1) AS batch_ids,
               ARRAY(SELECT d.datasheet_id FROM datasheet d WHERE d.message_id = m.message_id ORDER BY 1)
                   AS datasheet_ids
        FROM inbound_message m
        WHERE (%(of_mill)s::uuid IS NULL OR m.mill_id = %(of_mill)s) {filters}
        {order}
        """,
        {"of_mill": mill_id},
    )
