"""Hands one mail to the mail server; an answer of any kind is a value, not an error."""

import asyncio
import logging
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from gateway.settings import GatewaySettings
from gateway.usecases.mails import Answer

LOG = logging.getLogger(__name__)


async def send(message: EmailMessage, *, recipient: str, settings: GatewaySettings) -> Answer:
    """The server's last word. Code 0: the connection failed or broke, and nobody knows what arrived."""
    parts = urlsplit(settings.smtp_url)
    secure = parts.scheme == "smtps"
    smtp = aiosmtplib.SMTP(
        hostname=parts.hostname or "127.0.0.1",
        port=parts.port or (465 if secure else 25),
        use_tls=secure,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        timeout=settings.smtp_timeout_seconds,
    )
    try:
        async with asyncio.timeout(settings.smtp_timeout_seconds), smtp:
            await smtp.mail(settings.from_address)
            await smtp.rcpt(recipient)
            said = await smtp.data(message.as_bytes())
            return Answer(said.code, said.message)
    except aiosmtplib.SMTPResponseException as refusal:
        return Answer(refusal.code, refusal.message)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError) as trouble:
        LOG.warning("mail server trouble", extra={"trouble": type(trouble).__name__})
        return Answer(0, type(trouble).__name__)
