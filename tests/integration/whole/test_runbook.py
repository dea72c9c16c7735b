"""The runbook's section on dead letters, followed word by word on an event that died for real."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner

from deploy.events import app
from services.newsletter.usecases import replicas
from shared import outbox
from shared.consumer import Reject, operations, store
from shared.consumer.batch import Applier
from shared.consumer.parking import due
from shared.consumer.retries import Retrier
from shared.contracts import SERVICES
from shared.contracts.base import stream_of
from shared.contracts.matching import RequirementChanged
from shared.db import Conn
from tests.support.pump import Installation, installation, subscriptions_of

RUNBOOK = Path(__file__).resolve().parents[3] / "docs/runbook.md"
STREAM = stream_of("matching")


def written(step: str, **names: str) -> list[list[str]]:
    """The commands under a mark of the runbook, with its capitals replaced."""
    found = re.search(rf"<!-- {step} -->\n```\n(.*?)```", RUNBOOK.read_text("utf-8"), re.DOTALL)
    assert found, f"docs/runbook.md has no commands marked {step!r}"
    lines = [line.split() for line in found.group(1).splitlines()]
    assert all(words[0] == "bin/events" for words in lines)
    return [[names.get(word, word) for word in words[1:]] for words in lines]


def typed(url: str, commands: Sequence[Sequence[str]]) -> list[str]:
    environment = {f"OFFCUT_{service.upper()}_DATABASE_URL": url for service in SERVICES} | {"COLUMNS": "250"}
    said: list[str] = []
    for words in commands:
        result = CliRunner().invoke(app, list(words), env=environment)
        assert result.exit_code == 0, f"{words}: {result.output}"
        said.append(result.output)
    return said


async def follow(place: Installation, step: str, **names: str) -> list[str]:
    return await asyncio.to_thread(typed, place.url, written(step, **names))


async def say(place: Installation, count: int = 1) -> None:
    async with place.databases["matching"].transaction() as conn:
        events = [
            RequirementChanged(
                requirement_id=uuid4(), buyer_id=uuid4(), version=1, status="active", title=f"Liner {n}",
                cadence="daily", auto_interest=False,
            )
            for n in range(count)
        ]  # fmt: skip
        await outbox.add(conn, *events)


async def retry(place: Installation) -> None:
    """What newsletter's worker does all the time."""
    database = place.databases["newsletter"]
    applier = Applier(database, STREAM, subscriptions_of("newsletter"))
    retrier = Retrier(database, {STREAM: applier}, stop=asyncio.Event())
    while await retrier.retry_due():
        pass


async def known(place: Installation) -> int:
    async with place.databases["newsletter"].transaction() as conn:
        row = await (await conn.execute("SELECT count(*) FROM requirement_replica")).fetchone()
    return row[0] if row else 0


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A version of newsletter that refuses requirements, until it is undone."""

    async def refuse(*_: Any) -> None:
        raise Reject("no such cadence")

    monkeypatch.setattr(replicas.replicas, "save_requirements", refuse)
    return monkeypatch


async def test_dead_letter_when_the_runbook_is_followed_then_has_its_effect(fault: pytest.MonkeyPatch) -> None:
    async with installation() as place:
        await say(place)
        await place.settle()
        _, listed = await follow(place, "dead letter: seen")
        letter = re.search(r"^([0-9a-f-]{36})\s+newsletter\s+matching\.requirement\.changed", listed, re.MULTILINE)
        assert letter, listed
        names = {"LETTER": letter.group(1)}
        [show, trace] = written("dead letter: explained", **names)
        [shown] = await asyncio.to_thread(typed, place.url, [show])
        assert "no such cadence" in shown
        head = orjson.loads(shown[: shown.index("}") + 1])
        [traced] = await asyncio.to_thread(
            typed, place.url, [[head["event"] if word == "EVENT" else word for word in trace]]
        )
        assert "newsletter: dead after 1 tries: Reject: no such cadence" in traced
        fault.undo()
        *_, listed = await follow(place, "dead letter: replayed", **names)
        assert names["LETTER"] not in listed
        await retry(place)
        assert await known(place) == 1
        assert await place.set_aside() == []


async def test_stream_when_too_many_died_and_the_runbook_is_followed_then_everything_has_its_effect(
    fault: pytest.MonkeyPatch,
) -> None:
    async with installation() as place:
        await say(place, 3)
        await place.settle()
        await say(place, 2)
        async with place.databases["newsletter"].transaction() as conn:
            await store.stop(conn, STREAM, "3 events died within 600 s")
            assert await waiting(conn) == 0
        fault.undo()
        await follow(place, "too many: repaired", SERVICE="newsletter", PRODUCER="matching")
        await retry(place)
        await place.settle()
        assert await known(place) == 5
        assert await place.set_aside() == []


async def waiting(conn: Conn) -> int:
    """Parked events whose turn it is; none while the stream is stopped."""
    letters = await operations.dead_letters(conn, limit=10)
    assert len(letters) == 3
    return len(await due(conn, [STREAM], limit=10))
