"""What the gateway decides: who may sign in, and how long a failed sign-in pauses the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

PAUSE_SECONDS_MAX = 900


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

    @property
    def may_sign_in(self) -> bool:
        """Only active people of organisations that were let in; a suspended one still reads its own records."""
        return self.status == "active" and self.organization_status in ("approved", "suspended")


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins of one account from one address."""

    failures: int
    last_at: datetime
    blocked_until: datetime | None


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
