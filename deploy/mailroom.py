"""The mail server of a machine that has none: takes every mail over SMTP and files it into Maildirs.

Mail to one of our own addresses lands in that account; everything else, mail to buyers above all, lands in `outbox`,
where a person or a test looks at it. Nothing ever leaves this machine.
"""

import email
import email.policy
import mailbox
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from pysasl.hashing import BuiltinHash

AUTHSERV_ID = "mx.offcut.example"
ACCOUNTS = ("lists", "bounces", "replies", "outbox")
OUR_DOMAIN = "offcut.example"
MESSAGE_BYTES_MAX = 35 * 1024 * 1024  # a 25 MiB attachment in base64, as the large providers take it


@dataclass(frozen=True, slots=True)
class Mailroom:
    directory: Path

    def open(self, password: str) -> None:
        """Make the accounts and set their common password; what they hold already stays."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        for account in ACCOUNTS:
            self.maildir(account)
        users = "".join(f"{account}:x::::{account}:\n" for account in ACCOUNTS)
        (self.directory / "pymap-etc-passwd").write_text(users)
        shadow = self.directory / "pymap-etc-shadow"
        shadow.touch(mode=0o600)
        hashed = BuiltinHash().hash(password)
        shadow.write_text("".join(f"{account}:{hashed}:::::::\n" for account in ACCOUNTS))

    def maildir(self, account: str) -> mailbox.Maildir:
        return mailbox.Maildir(self.directory / account, create=True)

    @property
    def senders_file(self) -> Path:
        """Lists the domains, one per line, that this server vouches for; read for every mail."""
        return self.directory / "vouched-senders"

    def vouch_for(self, domains: set[str]) -> None:
        """Let mail from these domains pass as authenticated, as the demo market's mills need it."""
        known = self._vouched()
        if not domains <= known:
            self.senders_file.write_text("".join(f"{domain}\n" for domain in sorted(known | domains)))

    def _vouched(self) -> set[str]:
        return set(self.senders_file.read_text().split()) if self.senders_file.exists() else set()

    def take(self, *, content: bytes, sender: str, recipient: str) -> str:
        """File one mail for one recipient, and return its key in the Maildir."""
        header, separator, body = content.partition(b"\r\n\r\n")
        kept = _without_results_in_our_name(header)
        stamps = (
            f"Return-Path: <{sender}>\r\n"
            f"Delivered-To: {recipient}\r\n"
            f"Authentication-Results: {AUTHSERV_ID}; {self._verdict(content)}\r\n"
        )
        return self.maildir(account_of(recipient)).add(stamps.encode("utf-8") + kept + separator + body)

    def _verdict(self, content: bytes) -> str:
        """Return what DMARC would say: a pass for one sender of a vouched domain, none for everybody else."""
        domains = _from_domains(content)
        if len(domains) != 1:
            return "dmarc=none"
        (domain,) = domains
        return f"dmarc={'pass' if domain in self._vouched() else 'none'} header.from={domain}"


def account_of(recipient: str) -> str:
    """Return the account that owns an address; `+detail` belongs to the account before it."""
    local, _, domain = recipient.rpartition("@")
    name = local.partition("+")[0].lower()
    return name if domain.lower() == OUR_DOMAIN and name in ACCOUNTS else "outbox"


def _from_domains(content: bytes) -> list[str]:
    header = content.partition(b"\r\n\r\n")[0]
    message = email.message_from_bytes(header, policy=email.policy.compat32)
    senders = getaddresses([str(value) for value in message.get_all("From", [])])
    return [address.rpartition("@")[2].lower() for _, address in senders if address.isascii()]


def _without_results_in_our_name(header: bytes) -> bytes:
    """Drop Authentication-Results that claim to be ours: only this server writes them (RFC 8601, section 5)."""
    kept: list[bytes] = []
    dropping = False
    for line in header.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            name, _, value = line.partition(b":")
            ours = value.strip().lower().startswith(AUTHSERV_ID.encode())
            dropping = name.strip().lower() == b"authentication-results" and (ours or not value.strip())
        if not dropping:
            kept.append(line)
    return b"\r\n".join(kept)


class SmtpDoor:
    """The SMTP side: announces its size limit and files each accepted mail before it answers 250."""

    def __init__(self, mailroom: Mailroom) -> None:
        self._mailroom = mailroom

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 no content"
        for recipient in envelope.rcpt_tos:
            self._mailroom.take(content=content, sender=envelope.mail_from or "", recipient=recipient)
        return "250 2.0.0 filed"


def read(room: mailbox.Maildir, key: str) -> EmailMessage:
    """Return one mail as people see it, or KeyError."""
    message = email.message_from_bytes(room.get_bytes(key), policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 – the default policy makes no other type
    return message
