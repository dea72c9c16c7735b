"""`bin/events` as an operator types it, on the six schemas of an installation."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from deploy.events import app
from shared.contracts import SERVICES
from tests.support.database import fresh_url

EPOCH = uuid4()


@pytest.fixture(scope="module")
def installation() -> Iterator[str]:
    with fresh_url(*SERVICES) as url:
        yield url


@pytest.fixture
def sql(installation: str, own_redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    for service in SERVICES:
        monkeypatch.setenv(f"OFFCUT_{service.upper()}_DATABASE_URL", installation)
    monkeypatch.setenv("OFFCUT_REDIS_URL", own_redis_url)
    monkeypatch.setenv("COLUMNS", "200")
    with psycopg.connect(installation, autocommit=True) as conn:
        yield conn


def said(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


def bury(sql: psycopg.Connection) -> str:
    row = sql.execute(
        """
        INSERT INTO matching.dead_letter (stream, seq, epoch, event_id, type, key, meta, body, occurred_at,
                                          attempts, error)
        VALUES ('events.catalog', (SELECT 1 + count(*) FROM matching.dead_letter), %s, gen_random_uuid(),
                'catalog.item.released.v1', 'k', '{}', '{"body": 1}', now(), 1, 'ValueError: [no] such grade')
        RETURNING id
        """,
        [EPOCH],
    ).fetchone()
    assert row is not None
    return str(row[0])


def test_lag_when_asked_then_shows_every_stream_and_what_is_stopped(sql: psycopg.Connection) -> None:
    sql.execute("UPDATE catalog.stream_head SET seq = 40")
    sql.execute(
        "INSERT INTO matching.subscription (stream, applied_seq, stopped) VALUES ('events.catalog', 28, 'restored')"
    )
    line = next(line for line in said("lag").splitlines() if "restored" in line)
    assert line.split() == ["events.catalog", "40", "matching", "28", "12", "0", "0", "restored"]


def test_dead_letter_when_listed_shown_and_retried_then_is_parked_for_now(sql: psycopg.Connection) -> None:
    letter = bury(sql)
    assert letter in said("dead", "list")
    assert "[no] such grade" in said("dead", "list")
    shown = said("dead", "show", letter)
    assert '{"body": 1}' in shown
    said("dead", "retry", letter)
    assert letter not in said("dead", "list")
    assert sql.execute("SELECT count(*) FROM matching.parked WHERE next_attempt_at IS NULL").fetchone() == (1,)


def test_dead_letter_when_dropped_then_is_known_no_more(sql: psycopg.Connection) -> None:
    letter = bury(sql)
    said("dead", "drop", letter)
    assert "no dead letter" in said("dead", "show", letter, code=1)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["dead", "show", "seven"], 2, "is not an id"),
        (["tail", "billing"], 2, "no service billing"),
        (["refill", "catalog", "billing", "--from", "1"], 2, "no service billing"),
        (["trace", "unknown"], 1, "nothing is known"),
    ],
    ids=["id", "service", "subscriber", "trace"],
)
def test_command_when_told_nonsense_then_says_what_would_do(
    sql: psycopg.Connection, words: list[str], code: int, reason: str
) -> None:
    assert reason in said(*words, code=code)


def test_trace_and_tail_when_asked_then_show_the_chain_over_all_services(sql: psycopg.Connection) -> None:
    first = uuid4()
    for service, event_id, cause in (("ingestion", first, None), ("catalog", uuid4(), first)):
        meta = f'{{"correlation_id": "c-1", "causation_id": "{cause}"}}' if cause else '{"correlation_id": "c-1"}'
        insert = (
            f"INSERT INTO {service}.sent (seq, event_id, type, key, correlation_id, meta, body, occurred_at)"
            " VALUES (1, %s, %s, 'k', 'c-1', %s, '{}', clock_timestamp())"
        )
        sql.execute(
            insert.encode(),
            [event_id, f"{service}.thing.done.v1", meta],
        )
    for wanted in ("c-1", str(first)):
        lines = [line for line in said("trace", wanted).splitlines() if "→" not in line]
        assert ["ingestion" in lines[1], "catalog" in lines[2], "2 ← 1" in lines[2]] == [True] * 3, lines
    assert "catalog.thing.done.v1" in said("tail", "catalog")


@pytest.mark.parametrize("text", ['{"item_id": 7', "[7]", ""])
def test_trace_and_tail_when_an_event_is_damaged_then_show_it_nevertheless(sql: psycopg.Connection, text: str) -> None:
    """Damaged events are those an operator looks for."""
    sql.execute("DELETE FROM catalog.sent")
    sql.execute(
        "INSERT INTO catalog.sent (seq, event_id, type, key, correlation_id, meta, body, occurred_at)"
        " VALUES (1, gen_random_uuid(), 'catalog.item.released.v1', 'k', 'c-2', %(text)s, %(text)s, clock_timestamp())",
        {"text": text},
    )
    assert "cannot be read" in said("trace", "c-2")
    assert "catalog.item.released.v1" in said("tail", "catalog")


def test_refill_when_asked_then_the_request_waits_for_the_relay(sql: psycopg.Connection) -> None:
    assert "everything from 7 on" in said("refill", "catalog", "matching", "--from", "7")
