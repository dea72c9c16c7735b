"""Every notice has words, and they name nobody."""

import re

import pytest

from gateway.notices import BATCH_STEPS, ENDS, LOST, TEXTS, Notice, notices_of, text_of
from gateway.told import read
from shared.contracts.base import ActorRef, Event
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowClosed, WindowOutcome
from shared.contracts.gateway import Change, OrganizationChanged, OrganizationStatus
from shared.contracts.ingestion import BatchStatusChanged
from shared.contracts.newsletter import SuppressionChanged
from tests.support.told import envelope_of, examples

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def _of(kind: type[Event]) -> Event:
    return next(one for one in examples() if isinstance(one, kind))


def variants() -> list[Event]:
    """The examples, and those of which the words depend on a state."""
    found = [*examples(), _of(InterestRegistered).model_copy(update={"position": 3})]
    found += [_of(WindowClosed).model_copy(update={"outcome": outcome}) for outcome in WindowOutcome]
    found += [_of(InterestClosed).model_copy(update={"reason": reason}) for reason in LOST]
    found += [_of(BatchStatusChanged).model_copy(update={"status": step, "previous": None}) for step in BATCH_STEPS]
    found.append(_of(BatchStatusChanged).model_copy(update={"status": BATCH_STEPS[0], "previous": BATCH_STEPS[0]}))
    found.append(_of(SuppressionChanged).model_copy(update={"suppressed": True}))
    for status in OrganizationStatus:
        changes = (Change(field="status", old="approved", new=status),)
        found.append(_of(OrganizationChanged).model_copy(update={"status": status, "changes": changes}))
    return found


def _notices() -> list[Notice]:
    return [notice for event in variants() for notice in notices_of(read(envelope_of(event)))]


def test_notices_when_made_of_any_event_then_all_words_are_used_and_filled() -> None:
    found = _notices()
    assert {one.kind for one in found} | {"dead_letters"} == set(TEXTS)
    for one in found:
        title, text = text_of(one.kind, one.facts, time_zone="Europe/Vienna")
        assert title, one.kind
        assert text, one.kind
        assert "{" not in text, one.kind
        assert not UUIDS.search(title + text), one.kind
    assert {one.facts["outcome"] for one in found if "outcome" in one.facts} == set(ENDS)


def test_notices_when_for_both_sides_of_a_window_then_say_neither_name() -> None:
    [name] = [one.name for one in examples() if isinstance(one, OrganizationChanged)]
    texts = [text_of(one.kind, one.facts, time_zone="UTC") for one in _notices() if one.subject.kind == "window"]
    assert len(texts) > 5
    assert not [text for text in texts if name in " ".join(text)]


@pytest.mark.parametrize("event", variants(), ids=lambda event: type(event).__name__)
def test_notices_when_said_again_by_a_command_then_none(event: Event) -> None:
    told = read(envelope_of(event, actor=ActorRef(via="command")))
    assert notices_of(told) == [] or getattr(event, "changes", ())
