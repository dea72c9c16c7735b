"""Whose mail is it, and do we believe it? Only what our own mail server wrote on top of the mail counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class MailReason(StrEnum):
    """Why a mail became no batch."""

    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    BOUNCE = "bounce"
    OWN_LOOP = "own_loop"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NOT_FETCHED = "not_fetched"
    SEVERAL_SENDERS = "several_senders"
    UNKNOWN_SENDER = "unknown_sender"
    AMBIGUOUS_SENDER = "ambiguous_sender"
    DMARC_FAIL = "dmarc_fail"
    MILL_NOT_APPROVED = "mill_not_approved"
    NO_LIST = "no_list"
    DUPLICATE_MESSAGE = "duplicate_message"


WORDS: dict[MailReason, str] = {
    MailReason.AUTO_REPLY: "An automatic answer; nobody wrote it.",
    MailReason.BULK: "A bulk mail, not written to us.",
    MailReason.BOUNCE: "A delivery report.",
    MailReason.OWN_LOOP: "A mail of ours that came back.",
    MailReason.UNREADABLE: "The mail is damaged or takes too much to read.",
    MailReason.TOO_LARGE: "The mail is larger than we take; it is still in the mailbox.",
    MailReason.NOT_FETCHED: "The mail server could not hand this mail over; it is still in the mailbox.",
    MailReason.SEVERAL_SENDERS: "The mail does not name exactly one sender.",
    MailReason.UNKNOWN_SENDER: "No mill has registered this sender.",
    MailReason.AMBIGUOUS_SENDER: "More than one mill has registered this sender.",
    MailReason.DMARC_FAIL: "The mail claims a sender that our mail server could not verify.",
    MailReason.MILL_NOT_APPROVED: "The mill is not approved for trading at the moment.",
    MailReason.NO_LIST: "No attachment is a list (xlsx, xls, ods or csv) or a data sheet (PDF) that we can read.",
    MailReason.DUPLICATE_MESSAGE: "The same mail was taken before.",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What decides about a mail. ``authentication`` holds the Authentication-Results, topmost first."""

    senders: tuple[str, ...]
    authentication: tuple[str, ...]
    return_path: str | None
    auto_submitted: str | None
    precedence: str | None
    looped: bool


def automatic(mail: Envelope) -> MailReason | None:
    """Why nobody wrote this mail to us, or ``None``."""
    if mail.looped:
        return MailReason.OWN_LOOP
    if (mail.auto_submitted or "no").partition(";")[0].strip().lower() != "no":
        return MailReason.AUTO_REPLY
    precedence = (mail.precedence or "").strip().lower()
    if precedence == "auto_reply":
        return MailReason.AUTO_REPLY
    if precedence in ("bulk", "junk", "list"):
        return MailReason.BULK
    if mail.return_path is not None and mail.return_path.strip() in ("<>", ""):
        return MailReason.BOUNCE
    return None


def stamped_by(mail: Envelope) -> tuple[str, ...]:
    """The names that stand first in the Authentication-Results, topmost first; anybody may have written them."""
    return tuple(name.lower() for header in mail.authentication if (name := _signer(header)))


def verified(mail: Envelope, *, sender_domain: str, authserv_id: str) -> bool:
    """Did our server see dmarc=pass, or a dkim=pass of the sender's own domain?

    Only the topmost header of our server counts: those below came with the mail and may be forged.
    """
    for header in mail.authentication:
        if _signer(header).lower() == authserv_id.lower():
            results = _without_comments(header).split(";")[1:]
            return any(_passes(part.split(), sender_domain) for part in results)
    return False


def _signer(header: str) -> str:
    words = _without_comments(header).partition(";")[0].split()
    return words[0] if words else ""


def _passes(words: Sequence[str], sender_domain: str) -> bool:
    if not words:
        return False
    properties = dict(word.lower().split("=", 1) for word in words if "=" in word)
    if properties.get("dmarc") == "pass":
        return properties.get("header.from", sender_domain) == sender_domain
    signer = properties.get("header.d", "")
    aligned = bool(signer) and (sender_domain == signer or sender_domain.endswith("." + signer))
    return properties.get("dkim") == "pass" and aligned and "." in signer


def _without_comments(header: str) -> str:
    depth = 0
    kept: list[str] = []
    for character in header:
        if character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(character)
    return "".join(kept)
