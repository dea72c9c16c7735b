# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# aioimaplib carries no types.
"""The edge to IMAP. A connection lives for one poll; every call has a time limit; after a failure it is thrown away.

The library raises nothing for a NO, does not quote names, chokes on long answers and goes on waiting when the
connection is gone: so every result is checked, a search gives numbers in one line, mails are fetched one by one, and a
loss ends the call that waits. ``BODY.PEEK[]`` lets people who read the same mailbox keep their unread marks.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import aioimaplib

from services.ingestion.usecases.mailboxes import Account

KEYWORD = "$OffcutTaken"
_VALIDITY = re.compile(rb"UIDVALIDITY (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_LITERAL = re.compile(rb"\{(\d+)\}$")


class MailboxFailed(Exception):
    """The mailbox cannot be read now; the text is for the operator and holds no password."""


@dataclass(slots=True)
class _Line:
    """What waits for the server at this moment: until its time is up, or the connection is lost."""

    seconds: float
    lost: bool = False
    waiting: asyncio.Timeout | None = None

    def hang_up(self, _: Exception | None) -> None:
        self.lost = True
        if self.waiting is not None and not self.waiting.expired():
            self.waiting.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def limit(self, what: str) -> AsyncGenerator[None]:
        if self.lost:
            raise MailboxFailed(f"{what}: the connection broke")
        try:
            async with asyncio.timeout(self.seconds) as self.waiting:
                yield
        except TimeoutError as error:
            why = "the connection broke" if self.lost else f"no answer within {self.seconds:.0f} s"
            raise MailboxFailed(f"{what}: {why}") from error
        finally:
            self.waiting = None


@dataclass(slots=True)
class MailSession:
    """An open folder."""

    client: aioimaplib.IMAP4
    uidvalidity: int
    line: _Line

    async def uids_after(self, last_uid: int) -> list[int]:
        """Numbers of the mails newer than ``last_uid``, oldest first."""
        async with self.line.limit("search"):
            answer = _checked(await self.client.uid_search(f"UID {last_uid + 1}:*", charset=None), "search")
        numbers = [int(word) for line in answer[:1] for word in bytes(line).split() if word.isdigit()]
        return sorted(uid for uid in numbers if uid > last_uid)  # n:* names the last mail even when it is older

    async def size_of(self, uid: int) -> int | None:
        """Bytes of a mail; ``None`` when it is gone."""
        async with self.line.limit("size"):
            answer = _checked(await self.client.uid("fetch", str(uid), "(UID RFC822.SIZE)"), "size")
        sizes = [int(found.group(1)) for line in answer if (found := _SIZE.search(bytes(line)))]
        return sizes[0] if sizes else None

    async def fetch(self, uid: int) -> bytes | None:
        """A whole mail as it lies there; ``None`` when it is gone."""
        async with self.line.limit("fetch"):
            answer = _checked(await self.client.uid("fetch", str(uid), "(UID BODY.PEEK[])"), "fetch")
        for before, line in pairwise(answer):
            announced = _LITERAL.search(bytes(before))
            if announced and isinstance(line, bytearray):
                if len(line) != int(announced.group(1)):
                    raise MailboxFailed("the mail server sent less of a mail than it announced")
                return bytes(line)
        return None

    async def mark(self, uid: int) -> None:
        """Mark a mail as taken, for people who look into the mailbox; a server without keywords may refuse."""
        async with self.line.limit("mark"):
            await self.client.uid("store", str(uid), "+FLAGS.SILENT", f"({KEYWORD})")

    def can_idle(self) -> bool:
        return bool(self.client.has_capability("IDLE"))

    async def begin_idle(self, seconds: float) -> None:
        async with self.line.limit("idle"):
            await self.client.idle_start(timeout=seconds)

    async def pushed(self, seconds: float) -> bool:
        """Did the server speak of new mail within ``seconds``? Raises ``MailboxFailed`` when it ended the idling."""
        try:
            said = await self.client.wait_server_push(timeout=seconds)
        except TimeoutError:
            if self.line.lost:
                raise MailboxFailed("the connection broke while idling") from None
            return False
        if said == aioimaplib.STOP_WAIT_SERVER_PUSH or not self.client.has_pending_idle():
            raise MailboxFailed("the server ended the idling")
        return any(b"EXISTS" in bytes(line) or b"RECENT" in bytes(line) for line in cast(list[bytes], said))


@asynccontextmanager
async def opened(account: Account, *, call_seconds: float) -> AsyncGenerator[MailSession]:
    """A fresh connection with the folder selected, closed at the end whatever happens."""
    client = _client(account, call_seconds)
    line = _Line(call_seconds)
    if client.protocol is not None:  # the library takes it as an argument, and then drops it for TLS
        client.protocol.conn_lost_cb = line.hang_up
    try:
        try:
            async with line.limit("connect"):
                await _connected(client)
            async with line.limit("login"):
                _checked(await client.login(_safe(account.username), account.password), "login")
            async with line.limit("select"):
                folder = '"' + _safe(account.folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
                answer = _checked(await client.select(folder), "select")
        except (OSError, aioimaplib.Abort, aioimaplib.Error) as error:
            raise MailboxFailed(f"{account.host}:{account.port}: {type(error).__name__}") from error
        validity = [int(found.group(1)) for line in answer if (found := _VALIDITY.search(bytes(line)))]
        if not validity:
            raise MailboxFailed("the server names no UIDVALIDITY; the folder cannot be followed")
        session = MailSession(client, validity[0], line)
        try:
            yield session
        except (OSError, aioimaplib.Abort, aioimaplib.Error, RecursionError) as error:
            raise MailboxFailed(f"{account.host}:{account.port}: {type(error).__name__}") from error
        with contextlib.suppress(Exception):  # wall: the work is done, how we part does not matter
            async with asyncio.timeout(2):
                if client.has_pending_idle():
                    client.idle_done()
                await client.logout()
    finally:
        await _closed(client)


def _client(account: Account, seconds: float) -> aioimaplib.IMAP4:
    if account.tls:
        context = ssl.create_default_context()
        return aioimaplib.IMAP4_SSL(account.host, account.port, timeout=seconds, ssl_context=context)
    return aioimaplib.IMAP4(account.host, account.port, timeout=seconds)


async def _connected(client: aioimaplib.IMAP4) -> None:
    """Wait for the greeting; the library keeps a refused connection to itself until the time is up."""
    connecting = client._client_task  # pyright: ignore[reportPrivateUsage] – the library offers no other way to see it
    await connecting
    await client.wait_hello_from_server()


async def _closed(client: aioimaplib.IMAP4) -> None:
    connecting = client._client_task  # pyright: ignore[reportPrivateUsage] – the library offers no other way to see it
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    for task in list(client.tasks):
        task.cancel()
    await asyncio.gather(*client.tasks, return_exceptions=True)
    transport = client.protocol.transport if client.protocol is not None else None
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _checked(response: aioimaplib.Response, what: str) -> list[bytes]:
    if response.result != "OK":
        raise MailboxFailed(f"{what} was refused by the mail server")
    return cast(list[bytes], response.lines)


def _safe(name: str) -> str:
    if any(ord(character) < 32 for character in name):
        raise MailboxFailed("a control character in the name of a user or folder")
    return name
