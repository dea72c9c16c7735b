"""Hands mails to the mail server over connections that stay open. An answer of any kind is a value, not an error."""

import asyncio
import logging
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from services.newsletter.domain.deliveries import Reply, Stage

LOG = logging.getLogger(__name__)
IDLE_SECONDS_MAX = 20.0  # servers close what is silent for long; a new connection is cheaper than finding out


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """A mail server. ``tls``: from the first byte; else STARTTLS where the server offers it."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


def parse_smtp_url(url: str) -> SmtpAddress:
    """Read ``smtp://[user:password@]host[:port]`` or ``smtps://…``; raises ``ValueError``."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("the address of the mail server must look like smtp://host:port or smtps://host:port")
    tls = parts.scheme == "smtps"
    return SmtpAddress(
        host=parts.hostname,
        port=parts.port or (465 if tls else 25),
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Mailer:
    """A few persistent connections to one mail server, used by one event loop. Each mail has one time limit."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._address = parse_smtp_url(url)
        self._timeout_seconds = timeout_seconds
        self._idle: list[tuple[float, SMTP]] = []

    async def send(self, *, sender: str, recipient: str, content: bytes) -> Reply:
        """The server's last answer. Code 0: the connection failed or broke, and nobody knows what arrived."""
        stage = Stage.CONNECT
        smtp: SMTP | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                smtp = await self._connection()
                stage = Stage.SENDER
                await smtp.mail(sender)
                stage = Stage.RECIPIENT
                await smtp.rcpt(recipient)
                stage = Stage.DATA
                answer = await smtp.data(content)
            self._idle.append((time.monotonic(), smtp))
            return Reply(answer.code, answer.message, stage)
        except aiosmtplib.SMTPResponseException as refusal:
            await self._after_refusal(smtp, refusal.code)
            return Reply(refusal.code, refusal.message, stage)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError) as trouble:
            if smtp is not None:
                smtp.close()
            LOG.warning("mail server trouble", extra={"stage": stage.value, "trouble": type(trouble).__name__})
            return Reply(0, f"{type(trouble).__name__} at {stage.value}", stage)

    async def close(self) -> None:
        """Say goodbye on all idle connections."""
        while self._idle:
            _, smtp = self._idle.pop()
            try:
                async with asyncio.timeout(2):
                    await smtp.quit()
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                smtp.close()

    async def _connection(self) -> SMTP:
        while self._idle:
            used_at, smtp = self._idle.pop()
            silent_for = time.monotonic() - used_at
            if smtp.is_connected and silent_for < IDLE_SECONDS_MAX and (silent_for < 1 or await _alive(smtp)):
                return smtp
            smtp.close()
        smtp = SMTP(
            hostname=self._address.host,
            port=self._address.port,
            use_tls=self._address.tls,
            username=self._address.user,
            password=self._address.password,
            timeout=self._timeout_seconds,
        )
        await smtp.connect()
        return smtp

    async def _after_refusal(self, smtp: SMTP | None, code: int) -> None:
        if smtp is None:
            return
        try:
            if code == 421:  # the server is about to close
                smtp.close()
                return
            async with asyncio.timeout(2):
                await smtp.rset()
            self._idle.append((time.monotonic(), smtp))
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            smtp.close()


async def _alive(smtp: SMTP) -> bool:
    # A server that closed the connection while we were silent is noticed here, before a mail is at stake.
    try:
        await smtp.noop()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True
