"""Mailboxes and how far each has been read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.gateway import Role
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Mailbox:
    """``last_uid``: every mail up to this one, in ``uidvalidity``, is a row. ``sealed_password`` is encrypted.

    ``lag_seconds`` since it was last read to its end; ``None``: it never was.
    """

    mailbox_id: UUID
    name: str
    host: str
    port: int
    tls: bool
    username: str
    folder: str
    sealed_password: bytes | None
    status: str
    uidvalidity: int | None
    last_uid: int
    failing_uid: int | None
    failing_times: int
    polled_at: datetime | None
    succeeded_at: datetime | None
    last_error: str | None
    version: int
    lag_seconds: int | None


MAILBOXES_MAX = 10_000
MAILBOXES = Listing(
    {
        "name": Field(Kind.TEXT, "name"),
        "host": Field(Kind.TEXT, "host"),
        "status": Field(Kind.TEXT, "status", words=("active", "paused")),
        "polled_at": Field(Kind.INSTANT, "polled_at", nullable=True),
        "succeeded_at": Field(Kind.INSTANT, "succeeded_at", nullable=True),
        "last_error": Field(Kind.TEXT, "last_error", nullable=True),
        "created_at": Field(Kind.INSTANT, "created_at"),
    },
    id="mailbox_id",
    sort="created_at",
)


async def list_mailboxes(conn: Conn) -> list[Mailbox]:
    """All of them, as our own jobs need them."""
    filters, sort = MAILBOXES.parse((), Role.ADMIN)
    return (await asked_for(conn, Question(listing=MAILBOXES, filters=filters, sort=sort, limit=MAILBOXES_MAX))).rows


async def asked_for(conn: Conn, question: Question) -> Found[Mailbox]:
    """A page of them."""
    return await question.fetch(
        conn,
        Mailbox,
        """
        SELECT {mark}, mailbox_id, name, host, port, tls, username, folder, sealed_password, status, uidvalidity,
               last_uid, failing_uid, failing_times, polled_at, succeeded_at, last_error, version,
               greatest(extract(epoch FROM clock() - succeeded_at), 0)::int AS lag_seconds
        FROM mailbox
        WHERE true {filters}
        {order}
        """,
        {},
    )


async def find_mailbox(conn: Conn, mailbox_id: UUID) -> Mailbox | None:
    return await fetch_one(
        conn,
        Mailbox,
        """
        SELECT mailbox_id, name, host, port, tls, username, folder, sealed_password, status, uidvalidity, last_uid,
               failing_uid, failing_times, polled_at, succeeded_at, last_error, version,
               greatest(extract(epoch FROM clock() - succeeded_at), 0)::int AS lag_seconds
        FROM mailbox
        WHERE mailbox_id = %(mailbox_id)s
        FOR UPDATE
        """,
        {"mailbox_id": mailbox_id},
    )


async def lock_names(conn: Conn) -> None:
    """Let nobody else add a mailbox until the end of this transaction."""
    await conn.execute("LOCK TABLE mailbox IN SHARE ROW EXCLUSIVE MODE")


async def insert_mailbox(
    conn: Conn,
    *,
    mailbox_id: UUID,
    name: str,
    host: str,
    port: int,
    tls: bool,
    username: str,
    folder: str,
    sealed_password: bytes | None,
) -> None:
    """Add a mailbox; its name is still free."""
    await execute(
        conn,
        """
        INSERT INTO mailbox (mailbox_id, name, host, port, tls, username, folder, sealed_password, status)
        VALUES (%(mailbox_id)s, %(name)s, %(host)s, %(port)s, %(tls)s, %(username)s, %(folder)s, %(sealed)s, 'active')
        """,
        {
            "mailbox_id": mailbox_id,
            "name": name,
            "host": host,
            "port": port,
            "tls": tls,
            "username": username,
            "folder": folder,
            "sealed": sealed_password,
        },
    )


async def change_mailbox(
    conn: Conn,
    *,
    mailbox_id: UUID,
    host: str,
    port: int,
    tls: bool,
    username: str,
    folder: str,
    sealed_password: bytes | None,
    status: str,
    forget_progress: bool,
) -> None:
    """``forget_progress``: another account or folder has other numbers; Message-IDs keep old mails out."""
    await execute(
        conn,
        """
        UPDATE mailbox
        SET host = %(host)s, port = %(port)s, tls = %(tls)s, username = %(username)s, folder = %(folder)s,
            sealed_password = %(sealed)s, status = %(status)s, version = version + 1,
            uidvalidity = CASE WHEN %(forget)s THEN NULL ELSE uidvalidity END,
            last_uid = CASE WHEN %(forget)s THEN 0 ELSE last_uid END,
            failing_uid = NULL, failing_times = 0
        WHERE mailbox_id = %(mailbox_id)s
        """,
        {
            "mailbox_id": mailbox_id,
            "host": host,
            "port": port,
            "tls": tls,
            "username": username,
            "folder": folder,
            "sealed": sealed_password,
            "status": status,
            "forget": forget_progress,
        },
    )


async def advance(conn: Conn, *, mailbox_id: UUID, uidvalidity: int, uid: int) -> None:
    """Everything up to ``uid`` is a row now; another ``uidvalidity`` starts the count anew."""
    await execute(
        conn,
        """
        UPDATE mailbox
        SET last_uid = CASE WHEN uidvalidity = %(uidvalidity)s THEN greatest(last_uid, %(uid)s) ELSE %(uid)s END,
            uidvalidity = %(uidvalidity)s, failing_uid = NULL, failing_times = 0
        WHERE mailbox_id = %(mailbox_id)s
        """,
        {"mailbox_id": mailbox_id, "uidvalidity": uidvalidity, "uid": uid},
    )


async def record_poll(conn: Conn, *, mailbox_id: UUID, error: str | None, failing_uid: int | None = None) -> None:
    """How the poll went; ``failing_uid``: the mail at which the connection broke."""
    await execute(
        conn,
        """
        UPDATE mailbox
        SET polled_at = clock(), last_error = %(error)s,
            succeeded_at = CASE WHEN %(error)s::text IS NULL THEN clock() ELSE succeeded_at END,
            failing_times = CASE WHEN %(failing_uid)s::bigint IS NULL THEN failing_times
                                 WHEN failing_uid = %(failing_uid)s THEN failing_times + 1 ELSE 1 END,
            failing_uid = coalesce(%(failing_uid)s::bigint, failing_uid)
        WHERE mailbox_id = %(mailbox_id)s
        """,
        {"mailbox_id": mailbox_id, "error": error, "failing_uid": failing_uid},
    )


@dataclass(frozen=True, slots=True)
class SilentMailbox:
    """``seconds`` since the last poll that succeeded, or since the mailbox was added."""

    name: str
    seconds: float
    last_error: str | None


async def silences(conn: Conn) -> list[SilentMailbox]:
    """How long ago each active mailbox was read."""
    return await fetch_all(
        conn,
        SilentMailbox,
        """
        SELECT name, greatest(extract(epoch FROM clock() - coalesce(succeeded_at, created_at)), 0)::float8 AS seconds,
               last_error
        FROM mailbox
        WHERE status = 'active'
        ORDER BY name
        """,
        {},
    )
