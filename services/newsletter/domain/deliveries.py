"""What becomes of one message: the meaning of a mail server's answer, when to try again, who looked at it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

BACKOFF_SECONDS = (60, 300, 1_200, 3_600, 10_800)
MACHINE_WITHIN = timedelta(seconds=5)  # no person opens a mail that fast; scanners on the way do
_PROXIES = re.compile(
    r"googleimageproxy|yahoomailproxy|outlook-.*proxy|proofpoint|mimecast|barracuda|urldefense|safelinks|bot\b|crawler"
    r"|spider|headless|python-requests|curl/|wget/|go-http-client",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{{2,63}}"
)


class Stage(StrEnum):
    """Where in the conversation with the mail server an answer came."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


class Result(StrEnum):
    """What one attempt came to. ``not_tried``: there was no time left within the claim, so it costs no attempt."""

    SENT = "sent"
    RETRY = "retry"
    BOUNCED = "bounced"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt. ``suppress``: the address does not exist, so nobody writes to it again."""

    delivery_id: UUID
    lease: UUID
    result: Result
    smtp_status: str | None = None
    reason: str | None = None
    suppress: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail server's answer. ``code`` is 0 when the connection broke before one came."""

    code: int
    text: str
    stage: Stage


def judge(reply: Reply, *, delivery_id: UUID, lease: UUID) -> Outcome:
    """A refusal of the recipient or the content is final; of the sender, the login or the moment it is not.

    A 5xx to the connection or to our own address says something about us, not about the reader.
    """
    found = _STATUS.search(reply.text)
    status = found.group(1) if found else (str(reply.code) if reply.code else None)
    about_mail = reply.stage in (Stage.RECIPIENT, Stage.DATA)
    if 200 <= reply.code < 300:
        return Outcome(delivery_id, lease, Result.SENT, smtp_status=status)
    if not (about_mail and 500 <= reply.code < 600):
        return Outcome(delivery_id, lease, Result.RETRY, smtp_status=status, reason=reply.text[:200])
    gone = found.group(1).startswith("5.1.") if found else reply.code in (550, 551, 553)
    suppress = reply.stage is Stage.RECIPIENT and gone
    return Outcome(delivery_id, lease, Result.BOUNCED, smtp_status=status, reason=reply.text[:200], suppress=suppress)


def backoff(attempts: int) -> timedelta:
    """How long to wait after this many attempts."""
    return timedelta(seconds=BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1])


def is_machine(*, head: bool, user_agent: str, sent_at: datetime | None, at: datetime) -> bool:
    """Whether a proxy or scanner fetched it. A mail that is not known as sent can only be in such hands."""
    if head or sent_at is None or at - sent_at < MACHINE_WITHIN:
        return True
    return not user_agent or _PROXIES.search(user_agent) is not None


def is_address(text: str) -> bool:
    """Whether SMTP may be given this address: one plain ASCII mailbox, nothing that could start another command."""
    return len(text) <= 254 and len(text.partition("@")[0]) <= 64 and _ADDRESS.fullmatch(text) is not None
