"""When to send, what an answer means, who looked, which address is one."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.newsletter.domain.deliveries import (
    Reply,
    Result,
    Stage,
    backoff,
    is_address,
    is_machine,
    judge,
)
from services.newsletter.domain.schedule import Cadence, SendTime, end_of_quiet, next_send_at, period_key, spread_of

ID = UUID(int=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "zone", "local", "due"),
    [
        ("2026-11-20T12:00", "Europe/Berlin", time(7), "2026-11-21T06:00"),
        ("2026-11-21T05:59", "Europe/Berlin", time(7), "2026-11-21T06:00"),
        ("2026-11-21T06:00", "Europe/Berlin", time(7), "2026-11-22T06:00"),
        ("2026-03-28T12:00", "Europe/Berlin", time(7), "2026-03-29T05:00"),
        ("2026-03-28T12:00", "Europe/Berlin", time(2, 30), "2026-03-29T01:30"),
        ("2026-10-24T12:00", "Europe/Berlin", time(2, 30), "2026-10-25T00:30"),
        ("2026-10-25T00:30", "Europe/Berlin", time(2, 30), "2026-10-26T01:30"),
        ("2026-11-20T12:00", "Pacific/Kiritimati", time(7), "2026-11-20T17:00"),
        ("2026-11-20T12:00", "America/Los_Angeles", time(23, 30), "2026-11-21T07:30"),
        ("2026-11-20T12:00", "No/Where", time(7), "2026-11-21T07:00"),
    ],
    ids=["next", "same-day", "not-twice", "summer", "skipped", "twice", "once", "ahead", "behind", "unknown-zone"],
)
def test_daily_when_asked_then_the_next_local_time(after: str, zone: str, local: time, due: str) -> None:
    wish = SendTime(time_zone=zone, at=local, weekday=1)
    assert next_send_at(wish, Cadence.DAILY, after=at(after)) == at(due)


def test_weekly_when_asked_then_on_its_weekday() -> None:
    wish = SendTime(time_zone="Europe/Berlin", at=time(7), weekday=3)
    found = next_send_at(wish, Cadence.WEEKLY, after=at("2026-11-21T12:00"))
    assert found == at("2026-11-25T06:00")
    assert next_send_at(wish, Cadence.WEEKLY, after=found) == at("2026-12-02T06:00")


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]
    ),
    st.integers(0, 600),
)
def test_daily_when_any_then_later_and_within_two_days(after: datetime, local: time, zone: str, spread: int) -> None:
    wish = SendTime(time_zone=zone, at=local, weekday=1)
    due = next_send_at(wish, Cadence.DAILY, after=after, spread_seconds=spread)
    assert timedelta() < due - after < timedelta(hours=26)


def test_spread_when_asked_twice_then_the_same() -> None:
    assert spread_of(ID, seconds_max=600) == spread_of(ID, seconds_max=600) <= 600
    assert spread_of(ID, seconds_max=0) == 0


@pytest.mark.parametrize(
    ("cadence", "zone", "now", "key"),
    [
        (Cadence.DAILY, "Europe/Berlin", "2026-03-01T23:30", "2026-03-02"),
        (Cadence.WEEKLY, "Europe/Berlin", "2026-03-02T12:00", "2026-W10"),
        (Cadence.WEEKLY, "Europe/Berlin", "2027-01-01T12:00", "2026-W53"),
    ],
)
def test_period_when_named_then_as_the_readers_calendar_has_it(cadence: Cadence, zone: str, now: str, key: str) -> None:
    assert period_key(cadence, time_zone=zone, now=at(now)) == key


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until", "now", "until"),
    [
        (None, None, "2026-11-21T02:00", None),
        (time(21), time(6), "2026-11-21T19:59", None),
        (time(21), time(6), "2026-11-21T20:00", "2026-11-22T05:00"),
        (time(21), time(6), "2026-11-22T03:00", "2026-11-22T05:00"),
        (time(21), time(6), "2026-11-22T05:00", None),
        (time(12), time(14), "2026-11-21T11:30", "2026-11-21T13:00"),
        (time(12), time(12), "2026-11-21T11:00", None),
    ],
)
def test_quiet_hours_when_inside_then_until_their_end(
    quiet_from: time | None, quiet_until: time | None, now: str, until: str | None
) -> None:
    found = end_of_quiet(quiet_from=quiet_from, quiet_until=quiet_until, time_zone="Europe/Berlin", now=at(now))
    assert found == (at(until) if until else None)


@pytest.mark.parametrize(
    ("code", "text", "stage", "result", "status", "suppress"),
    [
        (250, "2.0.0 ok", Stage.DATA, Result.SENT, "2.0.0", False),
        (250, "queued", Stage.DATA, Result.SENT, "250", False),
        (451, "4.7.1 greylisted", Stage.RECIPIENT, Result.RETRY, "4.7.1", False),
        (454, "4.7.0 TLS not available", Stage.CONNECT, Result.RETRY, "4.7.0", False),
        (550, "5.1.1 unknown", Stage.RECIPIENT, Result.BOUNCED, "5.1.1", True),
        (550, "no such user here", Stage.RECIPIENT, Result.BOUNCED, "550", True),
        (552, "5.2.2 mailbox full", Stage.RECIPIENT, Result.BOUNCED, "5.2.2", False),
        (550, "5.7.1 rejected by policy", Stage.RECIPIENT, Result.BOUNCED, "5.7.1", False),
        (554, "5.7.1 spam", Stage.DATA, Result.BOUNCED, "5.7.1", False),
        (535, "5.7.8 bad login", Stage.CONNECT, Result.RETRY, "5.7.8", False),
        (553, "5.1.8 sender refused", Stage.SENDER, Result.RETRY, "5.1.8", False),
        (0, "ConnectionResetError at data", Stage.DATA, Result.RETRY, None, False),
    ],
)
def test_answer_when_judged_then_final_only_about_recipient_or_content(
    code: int, text: str, stage: Stage, result: Result, status: str | None, suppress: bool
) -> None:
    found = judge(Reply(code, text, stage), delivery_id=ID, lease=ID)
    assert (found.result, found.smtp_status, found.suppress) == (result, status, suppress)


def test_backoff_when_attempts_grow_then_waits_longer() -> None:
    waits = [backoff(attempts) for attempts in range(1, 8)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("head", "agent", "seconds", "machine"),
    [
        (False, "Mozilla/5.0 Firefox/140", 60, False),
        (True, "Mozilla/5.0 Firefox/140", 60, True),
        (False, "Mozilla/5.0 Firefox/140", 4.9, True),
        (False, "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", 60, True),
        (False, "", 60, True),
    ],
)
def test_visit_when_a_machine_could_have_made_it_then_marked(
    head: bool, agent: str, seconds: float, machine: bool
) -> None:
    sent = at("2026-11-21T12:00")
    assert is_machine(head=head, user_agent=agent, sent_at=sent, at=sent + timedelta(seconds=seconds)) is machine
    assert is_machine(head=head, user_agent=agent, sent_at=None, at=sent)


@pytest.mark.parametrize("address", ["a@b.example", "a.b+c@sub.b-c.example", "o'hara_9@x.co"])
def test_address_when_plain_then_taken(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a@@b.example",
        "a b@c.example",
        "evil\r\nRCPT TO:<x@y>@b.example",
        "a@b.example\n",
        "<a@b.example>",
        "a,b@c.example",
        "ä@b.example",
        "a@bä.example",
        ".a@b.example",
        "a..b@c.example",
        "a@-b.example",
        "x" * 65 + "@b.example",
        '"a b"@c.example',
        "a@b.example;x@y.example",
    ],
)
def test_address_when_it_could_be_more_than_one_mailbox_then_refused(address: str) -> None:
    assert not is_address(address)
