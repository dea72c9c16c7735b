"""The table of every event: who publishes it and who acts on it.

Adding an event: write its class in ``shared/contracts/<producer>.py``, one line here, and an example in
``examples/<type>.json``. Adding a subscriber: name it here and put a handler into its ``SUBSCRIPTIONS``. A test proves
that both sides agree. The gateway keeps the history of everything and is not repeated.
"""

from dataclasses import dataclass

from shared.contracts import catalog, exclusivity, gateway, ingestion, matching, newsletter
from shared.contracts.base import Event

SERVICES = ("gateway", "ingestion", "catalog", "matching", "exclusivity", "newsletter")


@dataclass(frozen=True, slots=True)
class Contract:
    """One type of event with the services that have a handler for it."""

    event: type[Event]
    subscribers: tuple[str, ...]


CONTRACTS = (
    Contract(gateway.OrganizationChanged, ("ingestion", "catalog", "matching", "exclusivity", "newsletter")),
    Contract(gateway.UserChanged, ("exclusivity", "newsletter")),
    Contract(gateway.UserErased, ("newsletter",)),
    Contract(ingestion.RowsAccepted, ("catalog",)),
    Contract(ingestion.BatchStatusChanged, ("newsletter",)),
    Contract(ingestion.RatesChanged, ("matching", "newsletter")),
    Contract(ingestion.DatasheetApproved, ("catalog",)),
    Contract(ingestion.DatasheetFailed, ("newsletter",)),
    Contract(catalog.RowsApplied, ("ingestion",)),
    Contract(catalog.ItemsListed, ("ingestion", "matching", "exclusivity", "newsletter")),
    Contract(catalog.ItemsChanged, ("ingestion", "matching", "exclusivity", "newsletter")),
    Contract(catalog.ItemsUnlisted, ("ingestion", "matching", "exclusivity", "newsletter")),
    Contract(catalog.ItemReserved, ("ingestion", "newsletter")),
    Contract(catalog.ItemReleased, ("ingestion", "newsletter")),
    Contract(catalog.VisibilityChanged, ("matching", "exclusivity", "newsletter")),
    Contract(matching.RequirementChanged, ("newsletter",)),
    Contract(matching.MatchesFound, ("catalog", "exclusivity", "newsletter")),
    Contract(matching.MatchesClosed, ("catalog", "exclusivity", "newsletter")),
    Contract(matching.RunCompleted, ("newsletter",)),
    Contract(exclusivity.InterestRegistered, ("catalog", "matching", "newsletter")),
    Contract(exclusivity.InterestClosed, ("catalog", "matching", "newsletter")),
    Contract(exclusivity.WindowGranted, ("ingestion", "catalog", "matching", "newsletter")),
    Contract(exclusivity.WindowClosed, ("ingestion", "catalog", "matching", "newsletter")),
    Contract(exclusivity.WindowExpiringSoon, ("newsletter",)),
    Contract(exclusivity.WindowExtensionRequested, ("newsletter",)),
    Contract(exclusivity.WindowExtended, ("ingestion", "catalog", "newsletter")),
    Contract(exclusivity.ItemOpened, ("catalog", "newsletter")),
    Contract(newsletter.PreferenceChanged, ()),
    Contract(newsletter.IssueSent, ("matching",)),
    Contract(newsletter.DeliveriesProgressed, ("matching",)),
    Contract(newsletter.SuppressionChanged, ()),
)

BY_TYPE = {contract.event.TYPE: contract for contract in CONTRACTS}


def producers_read_by(service: str) -> tuple[str, ...]:
    """The services whose streams a service reads, in the order of the table."""
    found = {contract.event.producer(): None for contract in CONTRACTS if service in contract.subscribers}
    return tuple(found)


def subscribers_of(producer: str) -> tuple[str, ...]:
    """The services that read a producer's stream: the consumer groups that trimming must wait for."""
    return tuple(service for service in SERVICES if producer in producers_read_by(service))


def groups_of(producer: str) -> tuple[str, ...]:
    """The consumer groups of a producer's stream, which trimming waits for: its subscribers, and the gateway."""
    return tuple(dict.fromkeys(("gateway", *subscribers_of(producer))))
