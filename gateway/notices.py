"""Who is told of what inside the product, and in which words. A notice names nothing that its reader may not see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.told import MatchesTold, Subject, Told
from gateway.wording import moment, words
from shared.contracts import exclusivity, gateway, ingestion, newsletter
from shared.instants import written

Facts = Mapping[str, str | int]

# Steps of a list that somebody waits for or has to do something about.
WAITING = ("mapping_required", "review_required")
BATCH_STEPS = (*WAITING, "committed", "duplicate", "failed", "expired", "reverted")
# Ends of an interest that its buyer did not bring about himself and does not hear of with his window.
INTEREST_ENDS = ("sold", "item_withdrawn", "item_expired", "ineligible", "not_needed")


@dataclass(frozen=True, slots=True)
class Notice:
    """Told to the active people of an organisation, to one person, or, with neither, to the operators.

    ``topic``: nobody is told twice of one; where it comes up again its ``count`` grows.
    """

    kind: str
    topic: str
    told: Told
    facts: Facts
    subject: Subject
    organization_id: UUID | None = None
    person_id: UUID | None = None


def notices_of(told: Told) -> list[Notice]:
    """What to tell people of an event; nothing where it says again what was said before."""
    if told.is_snapshot:
        return []
    match told.body:
        case exclusivity.WindowGranted() as window:
            until = written(window.expires_at)
            facts: Facts = {"until": until, "grant": window.grant_number, "grants": window.max_grants}
            return [
                _window(told, "window_granted", "granted", window.buyer_id, facts),
                _window(told, "window_granted_mill", "granted", window.mill_id, facts),
            ]
        case exclusivity.WindowExpiringSoon() as window:
            until = written(window.expires_at)
            name = f"expiring:{window.threshold_hours}:{until}"
            return [_window(told, "window_expiring", name, window.buyer_id, {"until": until})]
        case exclusivity.WindowExtensionRequested() as window:
            until = written(window.expires_at)
            return [_window(told, "extension_requested", f"wish:{until}", window.mill_id, {"until": until})]
        case exclusivity.WindowExtended() as window:
            until = written(window.expires_at)
            return [_window(told, "window_extended", f"until:{until}", window.buyer_id, {"until": until})]
        case exclusivity.WindowClosed() as window:
            facts = {"outcome": window.outcome}
            return [
                _window(told, "window_closed", "closed", window.buyer_id, facts),
                _window(told, "window_closed_mill", "closed", window.mill_id, facts),
            ]
        case exclusivity.InterestRegistered() as interest if interest.position > 1:
            return [_interest(told, "interest_queued", interest.buyer_id, {"position": interest.position})]
        case exclusivity.InterestClosed() as interest if interest.reason in INTEREST_ENDS:
            return [_interest(told, "interest_closed", interest.buyer_id, {"reason": interest.reason})]
        case _:
            return _others(told)


def _others(told: Told) -> list[Notice]:
    match told.body:
        case MatchesTold() as found if told.envelope.type == "matching.matches.found.v1":
            run = found.batch_id or told.attributes.correlation_id
            buyers = dict.fromkeys(one.buyer_id for one in found.matches if one.version == 1)
            subject = Subject("matches", "")
            return [
                Notice("matches_found", f"matches:{run}", told, {"count": 1}, subject, organization_id=buyer)
                for buyer in buyers
            ]
        case ingestion.BatchStatusChanged() as batch if batch.status in BATCH_STEPS:
            again = batch.previous == batch.status
            if again and batch.status not in WAITING:
                return []
            facts: Facts = {"file": batch.file_name or "your list", "lots": batch.counts.applied}
            kind = f"batch_{batch.status}" if not again else "batch_waits"
            topic = f"batch:{batch.batch_id}:{kind}:{batch.version}"
            return [Notice(kind, topic, told, facts, told.subject, organization_id=batch.mill_id)]
        case ingestion.DatasheetFailed() as sheet:
            topic = f"datasheet:{sheet.datasheet_id}:{sheet.version}"
            facts = {"file": sheet.file_name}
            return [Notice("datasheet_failed", topic, told, facts, told.subject, organization_id=sheet.mill_id)]
        case newsletter.SuppressionChanged(suppressed=True) as stopped:
            topic = f"suppression:{told.envelope.event_id}"
            facts = {"reason": stopped.reason}
            operators = Notice("suppressed_operator", f"{topic}:operator", told, facts, told.subject)
            if stopped.user_id is None:
                return [operators]
            return [operators, Notice("suppressed", topic, told, facts, told.subject, person_id=stopped.user_id)]
        case gateway.OrganizationChanged() as organization:
            return _organization(told, organization)
        case _:
            return []


def _organization(told: Told, organization: gateway.OrganizationChanged) -> list[Notice]:
    steps = [one.new for one in organization.changes if one.field == "status"]
    if not steps:
        return []
    topic = f"organization:{organization.organization_id}:{organization.version}"
    if organization.status == gateway.OrganizationStatus.PENDING:
        return [Notice("organization_pending", topic, told, {"name": organization.name}, told.subject)]
    own = organization.organization_id
    return [Notice(f"organization_{organization.status}", topic, told, {}, told.subject, organization_id=own)]


def _window(told: Told, kind: str, name: str, whom: UUID, facts: Facts) -> Notice:
    return Notice(kind, f"window:{told.subject.id}:{name}", told, facts, told.subject, organization_id=whom)


def _interest(told: Told, kind: str, whom: UUID, facts: Facts) -> Notice:
    return Notice(kind, f"interest:{told.subject.id}:{kind}", told, facts, told.subject, organization_id=whom)


ENDS = {
    "expired": "the time is over",
    "released": "it was given back",
    "revoked": "the mill or the operator ended it",
    "cancelled": "the lot is no longer for sale",
    "converted": "the lot is sold to its holder",
}
LOST = {
    "sold": "it was sold",
    "item_withdrawn": "the mill took it off the market",
    "item_expired": "its offer ran out",
    "ineligible": "it is no longer offered to you",
    "not_needed": "the day after which you do not need it has passed",
}
# Title and text by kind; a word in braces is a fact.
TEXTS: Mapping[str, tuple[str, str]] = {
    "window_granted": ("A lot is yours to decide on", "You hold it exclusively until {until}."),
    "window_granted_mill": ("A buyer holds one of your lots", "Exclusively until {until}, grant {grant} of {grants}."),
    "window_expiring": ("Your exclusive time ends soon", "It ends on {until}. Decide, or ask the mill for more time."),
    "extension_requested": ("A holder asks for more time", "The window ends on {until}; extend it if you agree."),
    "window_extended": ("You have more time", "The lot is yours to decide on until {until}."),
    "window_closed": ("Your exclusive time is over", "For this lot {outcome}."),
    "window_closed_mill": ("A window on your lot has ended", "For this window {outcome}."),
    "interest_queued": (
        "You are in the queue for a lot",
        "Your place is number {position}; you are told when it is you.",
    ),
    "interest_closed": ("A lot you asked for is gone", "Your interest was closed: {reason}."),
    "matches_found": ("New lots match what you want", "{count} found; the best are first in your matches."),
    "batch_mapping_required": ("A list needs your help", "Say what the columns of {file} mean."),
    "batch_review_required": ("A list needs your review", "Look at {file} and commit it."),
    "batch_waits": ("A list still waits for you", "{file} is not published yet."),
    "batch_committed": ("A list is published", "{file} went through with {lots} lots."),
    "batch_duplicate": ("A list is known already", "{file} was sent before, so nothing has changed."),
    "batch_failed": ("A list could not be read", "Look at {file}: it says what is wrong."),
    "batch_expired": ("A list was given up", "{file} waited too long; send it again."),
    "batch_reverted": ("A list was taken back", "What {file} had changed is undone."),
    "datasheet_failed": ("A data sheet could not be read", "Look at {file}: it says what is wrong."),
    "suppressed": (
        "We have stopped writing to you",
        "Mail to your address ended: {reason}. Ask the operator to lift it.",
    ),
    "suppressed_operator": ("An address is written to no longer", "The reason is: {reason}."),
    "organization_pending": ("A company wants to take part", "{name} waits for your decision."),
    "organization_approved": ("Your company is let in", "You can trade from now on."),
    "organization_suspended": ("Your company is suspended", "You can read your own records and change nothing."),
    "organization_closed": ("Your company's account is closed", "Ask the operator if this is not what you expected."),
    "dead_letters": ("Events could not be handled", "{count} new in {service}; see the dead letters."),
}


def text_of(kind: str, facts: Mapping[str, object], *, time_zone: str) -> tuple[str, str]:
    """Title and text of a notice, with times on the reader's clock."""
    title, text = TEXTS.get(kind, (words(kind).capitalize(), ""))
    said: dict[str, Callable[[str], str]] = {
        "until": lambda value: moment(value, time_zone),
        "outcome": lambda value: ENDS.get(value, words(value)),
        "reason": lambda value: LOST.get(value, words(value)),
    }
    shown = {name: said.get(name, str)(str(value)) for name, value in facts.items()}
    return title, text.format_map(shown)
