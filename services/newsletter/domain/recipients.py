"""A person as a reader of mails: his wishes, or the defaults."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from services.newsletter.domain.schedule import Cadence, SendTime


@dataclass(frozen=True, slots=True)
class Recipient:
    """``version`` is that of the preferences, 0 for the defaults; ``cadence`` ``None``: as each requirement says."""

    user_id: UUID
    organization_id: UUID
    role: str
    name: str
    email: str
    currency: str | None
    organization_name: str | None
    is_active: bool
    version: int
    cadence: str | None
    weekday: int
    send_time: time
    time_zone: str
    language: str
    items_max: int
    tracking: bool
    quiet_from: time | None
    quiet_until: time | None

    @property
    def send_wish(self) -> SendTime:
        return SendTime(time_zone=self.time_zone, at=self.send_time, weekday=self.weekday)

    def wants(self, cadence: Cadence) -> bool:
        """Whether an issue of this cadence may reach him at all; what it holds is decided per requirement."""
        if not self.is_active or self.cadence == Cadence.OFF:
            return False
        return cadence is Cadence.MANUAL or self.cadence in (None, cadence)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person may set about the newsletter, complete."""

    cadence: str | None
    weekday: int
    send_time: time
    time_zone: str | None
    language: str | None
    items_max: int
    tracking: bool
    quiet_from: time | None
    quiet_until: time | None
