"""What the gateway reads of an event: as little as it needs, because it reads all of them, sets of 500 lots too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field, ValidationError

from shared.consumer import Envelope
from shared.consumer.envelope import Unreadable
from shared.contracts import CONTRACTS, catalog, exclusivity, gateway, ingestion, matching, newsletter
from shared.contracts.base import Attributes, WireModel
from shared.contracts.types import ItemStatus


class OfBatch(WireModel):
    """One part of a list on its way."""

    batch_id: UUID
    mill_id: UUID


class ItemTold(WireModel):
    item_id: UUID
    version: int
    status: ItemStatus


class ItemsTold(WireModel):
    """Items that are for sale."""

    mill_id: UUID
    batch_id: UUID | None = None
    part: int = 1
    parts: int = 1
    items: tuple[ItemTold, ...]
    changed: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ItemGone(WireModel):
    item_id: UUID
    version: int
    reason: catalog.UnlistReason


class ItemsGone(WireModel):
    """Items that are no longer for sale."""

    mill_id: UUID
    batch_id: UUID | None = None
    items: tuple[ItemGone, ...]


class MatchTold(WireModel):
    buyer_id: UUID
    version: int


class MatchesTold(WireModel):
    """Matches of one item, found or closed."""

    item_id: UUID
    batch_id: UUID | None = None
    matches: tuple[MatchTold, ...]


SLIM: Mapping[str, type[WireModel]] = {
    ingestion.RowsAccepted.TYPE: OfBatch,
    catalog.RowsApplied.TYPE: OfBatch,
    catalog.ItemsListed.TYPE: ItemsTold,
    catalog.ItemsChanged.TYPE: ItemsTold,
    catalog.ItemsUnlisted.TYPE: ItemsGone,
    matching.MatchesFound.TYPE: MatchesTold,
    matching.MatchesClosed.TYPE: MatchesTold,
}
MODELS: Mapping[str, type[WireModel]] = {one.event.TYPE: one.event for one in CONTRACTS} | SLIM


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about, and where to read it; without a version where the event has none."""

    kind: str
    id: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the gateway reads it; ``body`` is ``None`` for a type that only newer services know."""

    envelope: Envelope
    attributes: Attributes
    body: WireModel | None
    subject: Subject

    @property
    def is_snapshot(self) -> bool:
        """Said again for a subscriber that starts anew, so nothing new happened."""
        changes: Sequence[gateway.Change] = getattr(self.body, "changes", ())
        return self.attributes.actor.via == "command" and not changes


def read(envelope: Envelope) -> Told:
    """Raises ``Unreadable`` for a body that does not fit its type."""
    attributes = envelope.attributes()
    model = MODELS.get(envelope.type)
    if model is None:
        return Told(envelope, attributes, None, Subject(envelope.type.split(".")[1], envelope.key))
    try:
        body = model.model_validate_json(envelope.body)
    except ValidationError as error:
        raise Unreadable(f"body does not fit {envelope.type}: {error}") from error
    return Told(envelope, attributes, body, subject_of(body, key=envelope.key))


def subject_of(body: WireModel, *, key: str) -> Subject:
    """What an event is about: one thing where it names one, else the list it came in or its mill."""
    match body:
        case OfBatch():
            return Subject("batch", str(body.batch_id))
        case ingestion.BatchStatusChanged():
            return Subject("batch", str(body.batch_id), body.version)
        case ItemsTold() | ItemsGone():
            if len(body.items) == 1:
                return Subject("item", str(body.items[0].item_id), body.items[0].version)
            return Subject("items", str(body.batch_id or body.mill_id))
        case catalog.ItemReserved() | catalog.ItemReleased():
            return Subject("item", str(body.item_id), body.version)
        case MatchesTold():
            return Subject("matches", str(body.item_id))
        case exclusivity.ItemOpened():
            return Subject("item", str(body.item_id))
        case exclusivity.InterestRegistered() | exclusivity.InterestClosed():
            return Subject("interest", str(body.interest_id))
        case newsletter.IssueSent():
            return Subject("issue", str(body.issue_id))
        case ingestion.DatasheetApproved() | ingestion.DatasheetFailed():
            return Subject("datasheet", str(body.datasheet_id), body.version)
        case _:
            return _named(body, key=key)


def _named(body: WireModel, *, key: str) -> Subject:
    version: int | None = getattr(body, "version", None)
    if isinstance(body, gateway.OrganizationChanged):
        return Subject("organization", key, version)
    if isinstance(body, gateway.UserChanged | gateway.UserErased):
        return Subject("user", key, version)
    if isinstance(body, catalog.VisibilityChanged):
        return Subject("visibility_rules", key, version)
    if isinstance(body, matching.RequirementChanged):
        return Subject("requirement", key, version)
    if isinstance(body, matching.RunCompleted):
        return Subject("match_run", str(body.run_id))
    if isinstance(body, newsletter.PreferenceChanged):
        return Subject("newsletter_preferences", key, version)
    if isinstance(body, newsletter.SuppressionChanged):
        return Subject("suppression", key)
    if isinstance(body, newsletter.DeliveriesProgressed):
        return Subject("deliveries", key)
    if isinstance(body, ingestion.RatesChanged):
        return Subject("exchange_rates", body.dated.isoformat())
    window_id: UUID | None = getattr(body, "window_id", None)
    return Subject("window", str(window_id)) if window_id else Subject(type(body).__name__, key, version)


PLACES: Mapping[str, str] = {
    "batch": "batches/{}",
    "datasheet": "datasheets/{}",
    "item": "items/{}",
    "items": "items",
    "matches": "matches?item_id={}",
    "interest": "interests",
    "window": "windows/{}",
    "issue": "newsletter/issues/{}",
    "organization": "organizations/{}",
    "user": "users/{}",
    "visibility_rules": "visibility-rules",
    "requirement": "requirements/{}",
    "match_run": "match-runs/{}",
    "newsletter_preferences": "newsletter/preferences",
    "suppression": "newsletter/suppressions",
    "deliveries": "newsletter/deliveries",
}


def href_of(kind: str | None, subject_id: str | None) -> str | None:
    """Where the present state of it can be read; ``None`` where no address shows it."""
    place = PLACES.get(kind or "")
    return f"/mvp/api/{place.format(subject_id)}" if place and subject_id else None
