"""What the gateway decides: who may sign in, how long a failed sign-in pauses the next, which state follows which."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from unicodedata import normalize
from uuid import UUID

from shared.contracts.gateway import Change

PAUSE_SECONDS_MAX = 900
PASSWORD_LENGTH_MIN = 12
SLUG_LENGTH_MAX = 60
IPV6_PREFIX = 64  # whoever has one address of such a network has all of them


@dataclass(frozen=True, slots=True)
class Account:
    """A person with what signing in needs to know of his organisation."""

    id: UUID
    organization_id: UUID
    organization_kind: str
    organization_name: str
    organization_status: str
    role: str
    org_role: str
    status: str
    name: str
    email: str
    language: str
    time_zone: str
    password_hash: str | None
    person_rights: int
    organization_rights: int

    @property
    def may_sign_in(self) -> bool:
        """Only active people of organisations that were let in; a suspended one still reads its own records."""
        return self.status == "active" and self.organization_status in ("approved", "suspended")


def pause_after(failures: int, *, allowed: int, first_seconds: int) -> timedelta | None:
    """How long to wait after so many failures in a row: doubling, at most 15 minutes; ``None`` while still allowed."""
    if failures < allowed:
        return None
    return timedelta(seconds=min(first_seconds * 2 ** (failures - allowed), PAUSE_SECONDS_MAX))


class RefreshUse(StrEnum):
    """What a refresh token that was shown to us means."""

    ROTATE = "rotate"
    REPEAT = "repeat"  # the other tab was faster: give the same successor again
    STOLEN = "stolen"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StoredRefresh:
    """A refresh token as kept, with its session."""

    session_id: UUID
    person_id: UUID
    replaced_at: datetime | None
    session_expires_at: datetime
    revoked_at: datetime | None


def judge_refresh(stored: StoredRefresh | None, *, now: datetime, grace_seconds: int) -> RefreshUse:
    """Decide on the reuse of a rotating token: within the grace time a repeat, later theft."""
    if stored is None or stored.revoked_at is not None or stored.session_expires_at <= now:
        return RefreshUse.ENDED
    if stored.replaced_at is None:
        return RefreshUse.ROTATE
    if now - stored.replaced_at <= timedelta(seconds=grace_seconds):
        return RefreshUse.REPEAT
    return RefreshUse.STOLEN


ORGANIZATION_STEPS: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"approved", "closed"}),
    "approved": frozenset({"suspended", "closed"}),
    "suspended": frozenset({"approved", "closed"}),
    "closed": frozenset(),
}
PERSON_STEPS: Mapping[str, frozenset[str]] = {
    "invited": frozenset({"revoked"}),  # becomes active by accepting
    "active": frozenset({"inactive"}),
    "inactive": frozenset({"active"}),
    "revoked": frozenset(),
    "erased": frozenset(),
}
ROLE_OF_KIND: Mapping[str, str] = {"mill": "mill_user", "buyer": "buyer_user", "operator": "admin"}

# Anybody can have an address there: such a domain says nothing about the sender.
PUBLIC_MAIL_DOMAINS = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
     "gmx.de", "gmx.at", "gmx.net", "gmx.ch", "web.de", "t-online.de", "aol.com", "mail.ru", "orange.fr", "free.fr",
     "libero.it", "seznam.cz", "wp.pl", "o2.pl", "protonmail.com", "proton.me", "a1.net", "aon.at", "bluewin.ch"}
)  # fmt: skip


def weakness(password: str, *, email: str) -> str | None:
    """Why a password is refused; ``None`` when it may be used. Length counts, not the mixture of characters."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return f"needs at least {PASSWORD_LENGTH_MIN} characters"
    plain = password.casefold()
    if len(set(plain)) < 5:
        return "repeats too few characters"
    if plain in (email.casefold(), email.casefold().partition("@")[0]):
        return "is the e-mail address"
    return None


def network_of(address: str) -> str:
    """Whom a limit per address is for: one IPv4 address, or the IPv6 network that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, IPV6_PREFIX), strict=False))


def is_inside(address: str, networks: list[str]) -> bool:
    """Whether an address lies in one of the networks; no networks mean any address."""
    if not networks:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(one) for one in networks)


def slug_of(name: str, taken: set[str]) -> str:
    """A short name for people and files: ``Säge & Söhne`` becomes ``sage-sohne``, numbered when it is taken."""
    plain = normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = "".join(one if one.isalnum() else " " for one in plain).split()
    base = "-".join(words)[:SLUG_LENGTH_MAX].strip("-") or "company"
    base = base if len(base) > 1 else f"{base}-company"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base[: SLUG_LENGTH_MAX - 6]}-{number}"
    return slug


def differences(
    before: Mapping[str, object] | None, after: Mapping[str, object], *, keeps_values: bool = True
) -> tuple[Change, ...]:
    """Everything that is not the same, with old and new value or without; all members of what is new."""
    old = before or {}
    changed = [name for name, value in after.items() if before is None or old.get(name) != value]
    values = [{"old": old.get(name), "new": after[name]} if keeps_values else {} for name in changed]
    return tuple(Change.model_validate({"field": name, **one}) for name, one in zip(changed, values, strict=True))


def permissions_of(role: str, *, is_owner: bool, is_suspended: bool) -> list[str]:
    """What a client may offer its user; the services decide."""
    own = {
        "admin": ("batches", "items", "requirements", "windows", "newsletter", "organizations", "users", "mailboxes"),
        "mill_user": ("batches", "items", "visibility-rules", "windows"),
        "buyer_user": ("requirements", "interests", "windows", "newsletter"),
    }[role]
    managed = ("organization", "users", "api-tokens") if is_owner or role == "admin" else ()
    verb = "read" if is_suspended else "write"
    return [f"{one}:{verb}" for one in sorted({*own, *managed})]


def mail_pause_seconds(attempts: int) -> float:
    """How long a mail waits after so many tries: 5 s, doubling, at most an hour."""
    return min(5.0 * 2 ** max(attempts - 1, 0), 3600.0)
