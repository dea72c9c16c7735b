"""Mailboxes that mills write to: the one of the settings, and those an operator adds."""

import base64
import hashlib
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from uuid_utils.compat import uuid7

from services.ingestion.errors import MailboxNotFound, NoCredentialsKey, UnsafeMailbox
from services.ingestion.store import mailboxes
from services.ingestion.store.mailboxes import Mailbox
from shared.db import Conn, notify
from shared.preconditions import check_version

CHANNEL = "mailbox"  # wakes the poll
SETTINGS_NAME = "default"
IMAPS_PORT = 993
IMAP_PORT = 143
LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is and how to get in."""

    host: str
    port: int
    tls: bool
    username: str
    password: str
    folder: str


def account_of_url(url: str) -> Account:
    """Read ``imaps://user:password@host:port/folder``; user and password may be percent-encoded."""
    parts = urlsplit(url)
    tls = parts.scheme == "imaps"
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or parts.username is None:
        raise ValueError("the IMAP address must look like imaps://user:password@host:port/folder")
    return Account(
        host=parts.hostname,
        port=parts.port or (IMAPS_PORT if tls else IMAP_PORT),
        tls=tls,
        username=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
    )


def check_safe(host: str, *, tls: bool) -> None:
    """Refuse to send a password in the clear to another machine."""
    if not tls and host not in LOCAL:
        raise UnsafeMailbox


def _sealer(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"mailbox credentials\x00" + key.encode()).digest()))


def seal(password: str, key: str | None) -> bytes:
    """Encrypt a password for its row."""
    if key is None:
        raise NoCredentialsKey
    return _sealer(key).encrypt(password.encode())


def account_of(mailbox: Mailbox, *, default: Account | None, key: str | None) -> Account | None:
    """How to get into a mailbox; ``None`` when its password cannot be had (key or setting gone)."""
    if mailbox.sealed_password is None:
        return default
    if key is None:
        return None
    try:
        password = _sealer(key).decrypt(bytes(mailbox.sealed_password)).decode()
    except InvalidToken:
        return None
    return Account(mailbox.host, mailbox.port, mailbox.tls, mailbox.username, password, mailbox.folder)


async def keep_default(conn: Conn, account: Account) -> None:
    """The mailbox of the settings as a row, following the settings when they change."""
    present = await _default(conn)
    if present is None:
        # The poll and the listener start together, in every worker: only one of them may add it.
        await mailboxes.lock_names(conn)
        present = await _default(conn)
    if present is None:
        await mailboxes.insert_mailbox(
            conn,
            mailbox_id=uuid7(),
            name=SETTINGS_NAME,
            host=account.host,
            port=account.port,
            tls=account.tls,
            username=account.username,
            folder=account.folder,
            sealed_password=None,
        )
    elif (present.host, present.port, present.tls, present.username, present.folder) != (
        account.host, account.port, account.tls, account.username, account.folder
    ):  # fmt: skip
        same = (present.username, present.folder) == (account.username, account.folder)
        moved = replace(present, host=account.host, port=account.port, tls=account.tls)
        await _save(conn, replace(moved, username=account.username, folder=account.folder), forget=not same)


async def _default(conn: Conn) -> Mailbox | None:
    return next((one for one in await mailboxes.list_mailboxes(conn) if one.name == SETTINGS_NAME), None)


async def _save(conn: Conn, mailbox: Mailbox, *, forget: bool) -> None:
    await mailboxes.change_mailbox(
        conn,
        mailbox_id=mailbox.mailbox_id,
        host=mailbox.host,
        port=mailbox.port,
        tls=mailbox.tls,
        username=mailbox.username,
        folder=mailbox.folder,
        sealed_password=mailbox.sealed_password,
        status=mailbox.status,
        forget_progress=forget,
    )


async def add_mailbox(conn: Conn, *, name: str, account: Account, key: str | None) -> Mailbox:
    """Add a mailbox and look into it at once."""
    mailbox_id = uuid7()
    await mailboxes.insert_mailbox(
        conn,
        mailbox_id=mailbox_id,
        name=name,
        host=account.host,
        port=account.port,
        tls=account.tls,
        username=account.username,
        folder=account.folder,
        sealed_password=seal(account.password, key),
    )
    await notify(conn, CHANNEL)
    return await _found(conn, mailbox_id)


@dataclass(frozen=True, slots=True)
class MailboxChange:
    """``None`` leaves a member as it is. ``fetch_now`` only asks for a poll."""

    host: str | None = None
    port: int | None = None
    tls: bool | None = None
    username: str | None = None
    password: str | None = None
    folder: str | None = None
    status: str | None = None
    fetch_now: bool = False


async def change_mailbox(
    conn: Conn, mailbox_id: UUID, change: MailboxChange, *, expected: int, key: str | None
) -> Mailbox:
    """Change, pause, or ask for a poll now."""
    before = await _found(conn, mailbox_id)
    check_version(before.version, expected)
    after = replace(
        before,
        host=change.host or before.host,
        port=change.port or before.port,
        tls=before.tls if change.tls is None else change.tls,
        username=change.username or before.username,
        folder=change.folder or before.folder,
        status=change.status or before.status,
        sealed_password=before.sealed_password if change.password is None else seal(change.password, key),
    )
    if (after.host, after.tls) != (before.host, before.tls):
        check_safe(after.host, tls=after.tls)
    if after != before:
        another = (after.host, after.username, after.folder) != (before.host, before.username, before.folder)
        await _save(conn, after, forget=another)
    await notify(conn, CHANNEL)
    return await _found(conn, mailbox_id)


async def _found(conn: Conn, mailbox_id: UUID) -> Mailbox:
    mailbox = await mailboxes.find_mailbox(conn, mailbox_id)
    if mailbox is None:
        raise MailboxNotFound
    return mailbox
