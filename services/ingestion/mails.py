"""What is in a mail: pure, and run in the sandbox because anybody can write to us.

The answer of ``read`` is one line of JSON (a ``ParsedMail`` with sizes) followed by the attachments' bytes.
"""

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses

from pydantic import TypeAdapter

from services.ingestion.domain.files import FileKind, kind_of, safe_name
from services.ingestion.domain.trust import Envelope

PARTS_MAX = 200
NESTING_MAX = 10
ADDRESSES_BYTES_MAX = 2000  # thousands of addresses in From cost seconds
HEADER_CHARS_MAX = 500
BODY_CHARS_MAX = 500_000
NUMBERS_OF_A_ROW = 4
ROWS_OF_A_LIST = 2
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?(?![\w])")
_LOOP_HEADER = "X-Offcut-Loop"


class MailRefused(Exception):
    """Too many parts, nested too deeply, or damaged."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """``inside``: attached to a mail that was attached to this one. ``body``: no file, but a table in the text."""

    name: str
    kind: FileKind
    sha256: str
    size: int
    inside: bool = False
    body: bool = False


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail as the decisions need it. ``id_hash`` is of Message-ID, or of the whole mail when it has none."""

    envelope: Envelope
    subject: str
    id_hash: str
    language: str | None
    attachments: tuple[Attachment, ...]


_MAIL: TypeAdapter[ParsedMail] = TypeAdapter(ParsedMail)


def read(raw: bytes) -> bytes:
    """The sandbox's door: a mail in, its parts out."""
    mail, contents = parse(raw)
    return b"\n".join((_MAIL.dump_json(mail), b"".join(contents)))


def unpack(answer: bytes) -> tuple[ParsedMail, tuple[bytes, ...]]:
    """What ``read`` answered."""
    head, _, blob = answer.partition(b"\n")
    mail = _MAIL.validate_json(head)
    contents: list[bytes] = []
    for attachment in mail.attachments:
        contents.append(blob[: attachment.size])
        blob = blob[attachment.size :]
    return mail, tuple(contents)


def parse(raw: bytes) -> tuple[ParsedMail, list[bytes]]:
    """The mail and the bytes of its attachments, in its order; raises ``MailRefused``."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    message_id = str(message.get("Message-ID") or "").strip()
    attachments: list[Attachment] = []
    contents: list[bytes] = []
    typed: bytes | None = None
    for part, depth in _parts(message):
        content = _content(part)
        if content is None:
            if typed is None and part.get_content_type() == "text/plain":
                typed = _table(part)
            continue
        kind = kind_of(content)
        name = safe_name(_file_name(part), default=f"attachment-{len(attachments) + 1}")
        digest = hashlib.sha256(content).hexdigest()
        attachments.append(Attachment(name, kind, digest, len(content), inside=depth > 0))
        contents.append(content)
    if typed is not None:
        digest = hashlib.sha256(typed).hexdigest()
        attachments.append(Attachment("mail text.txt", FileKind.TEXT, digest, len(typed), body=True))
        contents.append(typed)
    mail = ParsedMail(
        envelope=_envelope(message),
        subject=_text(message.get("Subject")),
        id_hash=hashlib.sha256(message_id.encode("utf-8", "replace") if message_id else raw).hexdigest(),
        language=_text(message.get("Content-Language")).partition(",")[0].strip()[:20] or None,
        attachments=tuple(attachments),
    )
    return mail, contents


def _parts(message: Message) -> Iterator[tuple[Message, int]]:
    """Every leaf with the number of mails around it; ``walk`` of the library would recurse without a limit."""
    stack: list[tuple[Message, int, int]] = [(message, 0, 0)]
    seen = 0
    while stack:
        part, nesting, mails = stack.pop()
        seen += 1
        if seen > PARTS_MAX or nesting > NESTING_MAX:
            raise MailRefused(f"more than {PARTS_MAX} parts or {NESTING_MAX} levels")
        payload: object = part.get_payload()
        if isinstance(payload, list):
            deeper = mails + (part.get_content_type() == "message/rfc822")
            children: list[Message] = [child for child in payload if isinstance(child, Message)]  # pyright: ignore[reportUnknownVariableType] – isinstance leaves its parts unknown
            stack.extend((child, nesting + 1, deeper) for child in reversed(children))
        else:
            yield part, mails


def _content(part: Message) -> bytes | None:
    """The bytes of a part that came as a file; ``None`` for the text of the mail itself."""
    named = _file_name(part) is not None
    if part.get_content_maintype() == "text" and not named and part.get_content_disposition() != "attachment":
        return None
    payload: object = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) and payload.strip() else None


def _table(part: Message) -> bytes | None:
    """The text of the mail as UTF-8 when lines of it look like rows of a list, else ``None``."""
    payload: object = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    try:
        text = payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    rows = sum(len(_NUMBER.findall(line)) >= NUMBERS_OF_A_ROW for line in text[:BODY_CHARS_MAX].splitlines())
    return text[:BODY_CHARS_MAX].encode("utf-8", "replace") if rows >= ROWS_OF_A_LIST else None


def _file_name(part: Message) -> str | None:
    """The longest of what the header's spellings say: an unquoted name with blanks loses its end in one of them."""
    found: list[str] = []
    for header, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        value: object = part.get_param(parameter, header=header)
        if isinstance(value, (str, tuple)):
            try:
                found.append(_text(collapse_rfc2231_value(value)))
            except LookupError:  # a character set that nobody knows
                continue
        text = str(part.get(header) or "")
        _, mark, rest = text.partition(f"{parameter}=")
        if mark and rest and not rest.startswith('"'):
            found.append(_text(rest.splitlines()[0].partition(";")[0]))
    return max((name for name in found if name.strip()), key=len, default=None)


def _text(value: object) -> str:
    """A header in plain characters; what cannot be decoded stays as written."""
    raw = "" if value is None else str(value)
    try:
        decoded = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        decoded = raw
    clean = decoded.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in clean).split())[:HEADER_CHARS_MAX]


def _envelope(message: Message) -> Envelope:
    senders = [str(value) for value in message.get_all("From") or ()]
    if sum(map(len, senders)) > ADDRESSES_BYTES_MAX:
        raise MailRefused("the From header is too long")
    addresses = [address.strip().lower() for _, address in getaddresses(senders) if address.strip()]
    named = [str(message.get(name)) for name in ("X-Autoreply", "X-Autorespond") if message.get(name)]
    submitted = message.get("Auto-Submitted")
    return Envelope(
        senders=tuple(address[:320] for address in addresses) if len(senders) == 1 else tuple(senders[:2]),
        authentication=tuple(str(value) for value in (message.get_all("Authentication-Results") or ())[:10]),
        return_path=None if message.get("Return-Path") is None else str(message.get("Return-Path")),
        auto_submitted=str(submitted) if submitted else ("auto-replied" if named else None),
        precedence=None if message.get("Precedence") is None else str(message.get("Precedence")),
        looped=message.get(_LOOP_HEADER) is not None,
    )
