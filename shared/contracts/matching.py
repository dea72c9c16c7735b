"""Events of matching: who wants what, how well it fits, and why."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Event, WireModel

Verdict = Literal["met", "near", "not_stated", "failed"]


class Criterion(WireModel):
    """One line of an explanation: what was asked, what is offered, how it fits, and how much it weighs (0–100)."""

    criterion: str
    required: str
    offered: str
    result: Verdict
    weight: int


class FoundMatch(WireModel):
    """A requirement that an item fits. ``score`` 0–100. Newer ``version`` wins."""

    match_id: UUID
    requirement_id: UUID
    requirement_title: str
    buyer_id: UUID
    score: Decimal
    explanation: tuple[Criterion, ...]
    cadence: str  # daily | weekly | on_match
    auto_interest: bool = False
    not_needed_after: datetime | None = None
    version: int


class MatchesFound(Event):
    """New or better matches of one item in one listing cycle."""

    TYPE: ClassVar[str] = "matching.matches.found.v1"
    item_id: UUID
    mill_id: UUID
    listing_cycle: int
    batch_id: UUID | None = None
    matches: tuple[FoundMatch, ...]

    @property
    def key(self) -> str:
        return str(self.item_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return tuple(sorted({match.buyer_id for match in self.matches}))


class ClosedMatch(WireModel):
    """``reason``: no_longer_matches, item_unavailable, requirement_inactive, visibility, won, lost, dismissed."""

    match_id: UUID
    requirement_id: UUID
    buyer_id: UUID
    reason: str
    version: int


class MatchesClosed(Event):
    """Matches of one item that no longer stand."""

    TYPE: ClassVar[str] = "matching.matches.closed.v1"
    item_id: UUID
    listing_cycle: int
    matches: tuple[ClosedMatch, ...]

    @property
    def key(self) -> str:
        return str(self.item_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return tuple(sorted({match.buyer_id for match in self.matches}))


class RunCompleted(Event):
    """A scoring run is through. With ``batch_id``: every item of that batch has been scored."""

    TYPE: ClassVar[str] = "matching.run.completed.v1"
    run_id: UUID
    scope: str  # batch | item | requirement | all
    batch_id: UUID | None = None
    mill_id: UUID | None = None
    items: int
    requirements: int
    found: int
    closed: int
    duration_ms: int

    @property
    def key(self) -> str:
        return str(self.batch_id or self.run_id)


class RequirementChanged(Event):
    """Snapshot of what newsletter needs of a requirement. Newer ``version`` wins."""

    TYPE: ClassVar[str] = "matching.requirement.changed.v1"
    requirement_id: UUID
    buyer_id: UUID
    version: int
    status: str  # active | paused | archived | expired
    title: str
    cadence: str  # daily | weekly | on_match | off
    auto_interest: bool

    @property
    def key(self) -> str:
        return str(self.requirement_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id,)
