"""The small decisions of the backbone that need no server."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from shared import wire
from shared.consumer import Envelope, Reject, on, on_any
from shared.consumer.batch import LADDER_SECONDS, Applier, is_outage
from shared.consumer.envelope import Unreadable, from_fields
from shared.consumer.subscriptions import producers_of
from shared.contracts import SERVICES, groups_of
from shared.contracts.catalog import ItemReleased, ItemsListed
from shared.contracts.matching import MatchesFound
from shared.db import Conn, Database
from shared.numbering import SentRow
from shared.wire import Mark

EPOCH = UUID(int=9)
ROW = SentRow(
    seq=7,
    event_id=str(UUID(int=3)),
    type="catalog.item.released.v1",
    key="k",
    meta='{"correlation_id": "c", "audience": [], "actor": {"via": "mail"}, "causation_id": null, "traceparent": null}',
    body=ItemReleased(item_id=UUID(int=1), mill_id=UUID(int=2), version=4, cause="expired").model_dump_json(),
    occurred_at=datetime(2025, 3, 4, 9, 30, tzinfo=UTC),
)
FIELDS: dict[str, str] = dict(zip(wire.FIELDS, ROW.values(str(EPOCH)), strict=True))


async def ignore(_: Conn, __: object) -> None:
    """A handler that needs nothing."""


def applier() -> Applier:
    return Applier(Database("", service="matching", process="test", size_max=1), "events.catalog", ())


def test_envelope_when_sent_and_read_then_is_the_same_event_with_its_attributes() -> None:
    envelope = from_fields("events.catalog", FIELDS)
    assert envelope is not None
    event = envelope.event()
    assert isinstance(event, ItemReleased)
    assert event.model_dump_json() == ROW.body
    attributes = event.received()
    assert (attributes.seq, attributes.epoch, attributes.source) == (7, EPOCH, "catalog")
    assert (attributes.correlation_id, attributes.actor.via) == ("c", "mail")


@pytest.mark.parametrize(
    "fields",
    [{}, {"seq": "1"}, {**FIELDS, "seq": "x"}, {**FIELDS, "epoch": "x"}],
    ids=["trimmed", "foreign", "number", "epoch"],
)
def test_entry_when_it_has_no_number_then_is_nobodys(fields: dict[str, str]) -> None:
    assert from_fields("events.catalog", fields) is None


def test_unreadable_when_named_then_says_which_contract_is_missing() -> None:
    envelope = from_fields("events.catalog", {**FIELDS, "type": "catalog.item.released.v2"})
    assert isinstance(envelope, Envelope)
    with pytest.raises(Unreadable, match=r"catalog\.item\.released\.v2"):
        envelope.event()


def test_ladder_when_climbed_then_ends_after_the_last_step() -> None:
    waits = [applier().wait_after(ValueError(), attempts=attempts) for attempts in range(1, 7)]
    assert waits[-1] is None
    for wait, step in zip(waits, LADDER_SECONDS, strict=False):
        assert wait is not None
        assert 0.8 * step <= wait <= 1.2 * step


@pytest.mark.parametrize("error", [Reject("sold"), Unreadable("no json")])
def test_ladder_when_no_try_can_help_then_has_no_first_step(error: Exception) -> None:
    assert applier().wait_after(error, attempts=1) is None


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (errors.AdminShutdown(), True),
        (errors.ConnectionFailure(), True),
        (errors.DiskFull(), True),
        (errors.TooManyConnections(), True),
        (errors.ReadOnlySqlTransaction(), True),
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (errors.QueryCanceled(), False),
        (errors.DeadlockDetected(), False),
        (errors.UniqueViolation(), False),
        (errors.UndefinedTable(), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_failure_when_the_database_is_away_then_is_nobodys_fault(error: Exception, *, outage: bool) -> None:
    assert is_outage(error) is outage


def test_producers_when_subscribed_then_are_read_once_each() -> None:
    subscriptions = (on(MatchesFound, ignore), on(ItemsListed, ignore), on(ItemReleased, ignore))
    assert producers_of(subscriptions) == ("catalog", "matching")
    assert producers_of((on_any(ignore),)) == SERVICES
    assert producers_of(()) == ()


def test_groups_when_listed_then_hold_every_subscriber_and_the_gateway() -> None:
    assert groups_of("catalog") == ("gateway", "ingestion", "matching", "exclusivity", "newsletter")


def test_mark_when_written_and_read_then_is_the_same() -> None:
    assert Mark.parse(str(Mark(seq=12, epoch=EPOCH))) == Mark(seq=12, epoch=EPOCH)
