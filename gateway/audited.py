"""What of an event goes into the audit: who did what to what, with old and new values where the event has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from gateway.told import ItemsGone, ItemsTold, Told
from shared.contracts import catalog, exclusivity, gateway, ingestion, matching, newsletter
from shared.contracts.base import ActorRef
from shared.instants import written

# Machinery: what was asked for is written down with its own event. A person's direct deed among them still is.
BULK = frozenset(
    one.TYPE
    for one in (
        ingestion.RowsAccepted,
        catalog.RowsApplied,
        matching.MatchesFound,
        matching.MatchesClosed,
        matching.RunCompleted,
        newsletter.IssueSent,
        newsletter.DeliveriesProgressed,
    )
)
# An append-only table cannot forget, and a person may ask to be forgotten: that they changed is kept, not the values.
PERSONAL = frozenset({"name", "email", "contacts"})

Change = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. ``organization_ids``: whose owners may read it, besides the operator."""

    at: datetime
    type: str
    entity_kind: str
    entity_id: str | None
    organization_ids: Sequence[UUID]
    actor: ActorRef
    correlation_id: str
    changes: Sequence[Change]
    facts: Mapping[str, JsonValue]
    reason: str | None = None
    event_id: UUID | None = None
    address: str | None = None


def entry_of(told: Told) -> Entry | None:
    """The audit entry of an event; ``None`` for machinery and for what is only said again."""
    attributes = told.attributes
    if told.is_snapshot or (told.envelope.type in BULK and attributes.actor.via != "http"):
        return None
    reason: str | None = getattr(told.body, "reason", None)
    return Entry(
        at=told.envelope.occurred_at,
        type=told.envelope.type,
        entity_kind=told.subject.kind,
        entity_id=told.subject.id,
        organization_ids=attributes.audience,
        actor=attributes.actor,
        correlation_id=attributes.correlation_id,
        changes=_changes(told),
        facts=_facts(told),
        reason=reason,
        event_id=told.envelope.event_id,
    )


def _changes(told: Told) -> list[Change]:
    match told.body:
        case gateway.UserChanged() as person:
            return [_kept(one) for one in person.changes]
        case gateway.OrganizationChanged() as organization:
            return [_kept(one, personal=frozenset({"contacts"})) for one in organization.changes]
        case ingestion.BatchStatusChanged() as batch:
            return [{"field": "status", "old": batch.previous, "new": batch.status}]
        case exclusivity.WindowExtended() as window:
            old, new = written(window.old_expires_at), written(window.expires_at)
            return [{"field": "expires_at", "old": old, "new": new}]
        case exclusivity.WindowClosed():
            return [{"field": "status", "old": "active", "new": "closed"}]
        case _:
            return []


def _kept(change: gateway.Change, *, personal: frozenset[str] = PERSONAL) -> Change:
    if change.field in personal:
        return {"field": change.field, "withheld": True}
    return {"field": change.field, "old": change.old, "new": change.new}


def _facts(told: Told) -> Mapping[str, JsonValue]:
    version: Mapping[str, JsonValue] = {} if told.subject.version is None else {"version": told.subject.version}
    match told.body:
        case ItemsTold() as items:
            fields: list[JsonValue] = [*sorted({name for names in items.changed.values() for name in names})]
            return {**version, **_set(len(items.items), items.batch_id), **({"fields": fields} if fields else {})}
        case ItemsGone() as items:
            reasons: list[JsonValue] = [*sorted({one.reason.value for one in items.items})]
            return {**version, **_set(len(items.items), items.batch_id), "reasons": reasons}
        case exclusivity.WindowGranted() as window:
            return {"grant_number": window.grant_number, "origin": window.origin}
        case exclusivity.WindowClosed() as window:
            return {"outcome": window.outcome.value}
        case matching.RequirementChanged() as requirement:
            return {**version, "status": requirement.status}
        case newsletter.PreferenceChanged() as preference:
            return {**version, "cadence": preference.cadence, "paused": preference.paused, "source": preference.source}
        case newsletter.SuppressionChanged() as stopped:
            return {"suppressed": stopped.suppressed}
        case _:
            return version


def _set(count: int, batch_id: UUID | None) -> Mapping[str, JsonValue]:
    return {"count": count} if batch_id is None else {"count": count, "batch_id": str(batch_id)}
