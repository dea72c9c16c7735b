"""One chain of causes from a mill's mail to the click in a buyer's newsletter, and what an operator sees of it."""

import asyncio
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import orjson
from typer.testing import CliRunner

from deploy.events import app
from services.ingestion.reading import Reader
from services.ingestion.settings import settings as ingestion_settings
from services.ingestion.usecases.messages import Seen, store_message
from services.ingestion.working import read_next_list, read_next_mail
from services.newsletter import jobs
from services.newsletter.mailer import Mailer
from services.newsletter.settings import settings as newsletter_settings
from services.newsletter.usecases.tracking import Visit, record_click
from shared.contracts import SERVICES
from shared.db import Database, clock
from tests.support.pump import Installation, installation
from tests.support.smtp import recording_relay
from tests.support.trading import Trading

LIST = "Lot;Grade;gsm;Width mm;Dia mm;Core mm;Reels;Weight kg;Quality class;Price EUR/t\r\n" + "".join(
    f"T-{n};Testliner 2;120;1500;1200;100;5;5700;A;500\r\n" for n in range(1, 4)
)


def mail() -> bytes:
    message = EmailMessage()
    message["Authentication-Results"] = "mx.offcut.example; dmarc=pass header.from=aumuehle.example"
    message["From"] = "desk@aumuehle.example"
    message["To"] = "lists@offcut.example"
    message["Subject"] = "Surplus list"
    message["Message-ID"] = "<47@aumuehle.example>"
    message.set_content("Please find our list attached.")
    message.add_attachment(LIST.encode(), maintype="application", subtype="octet-stream", filename="week 47.csv")
    return message.as_bytes()


async def receive(db: Database, raw: bytes) -> str:
    """A mail as the collector stores it; the id of the chain that begins with it."""
    mailbox = uuid4()
    async with db.transaction() as conn:
        await conn.execute(
            "INSERT INTO mailbox (mailbox_id, name, host, port, tls, username, folder, status)"
            " VALUES (%(id)s, 'lists', 'imap.example', 993, true, 'lists', 'INBOX', 'active')",
            {"id": mailbox},
        )
        await store_message(conn, Seen(mailbox, 1, 1, len(raw), raw))
        row = await (await conn.execute("SELECT correlation_id FROM inbound_message")).fetchone()
    assert row is not None
    return str(row[0])


async def read(place: Installation) -> None:
    reader, config, db = Reader(ingestion_settings()), ingestion_settings(), place.databases["ingestion"]
    try:
        while await read_next_mail(db, config, reader) or await read_next_list(db, config, reader):
            pass
    finally:
        await reader.close()


async def send_and_click(db: Database) -> None:
    """Send what is due, and follow the first link as a person does, a while later."""
    async with recording_relay() as relay:
        config = newsletter_settings().model_copy(update={"smtp_url": relay.url})
        mailer = Mailer(relay.url, timeout_seconds=5)
        while await jobs.generate_on_match(db):
            pass
        while await jobs.deliver_with(db, mailer, config):
            pass
        await mailer.close()
        bodies = [message_from_bytes(one.content, policy=default).get_body(("plain",)) for one in relay.accepted]
        [text] = [str(body.get_content()) for body in bodies if body and "/click" in str(body.get_content())]
    token = text.partition("/mvp/api/newsletter/t/")[2].partition("/click")[0]
    async with db.transaction() as conn:
        await conn.execute("UPDATE delivery SET sent_at = sent_at - interval '1 hour'")
        visit = Visit(token=token, head=False, user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0")
        assert await record_click(conn, visit, await clock(conn)) is not None


def command(url: str, *words: str) -> str:
    environment = {f"OFFCUT_{service.upper()}_DATABASE_URL": url for service in SERVICES} | {"COLUMNS": "250"}
    result = CliRunner().invoke(app, ["trace", *words], env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def step(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["type"] == kind


async def test_trace_when_a_mail_led_to_a_click_then_shows_every_step_between() -> None:
    async with installation() as place:
        trading = Trading(place)
        await trading.found()
        await trading.want("carta", "Liner", cadence="on_match")
        chain = await receive(place.databases["ingestion"], mail())
        await read(place)
        await trading.settle()
        await send_and_click(place.databases["newsletter"])
        await place.settle()
        assert await place.set_aside() == []

        events = orjson.loads(await asyncio.to_thread(command, place.url, chain, "--json"))["events"]
        path = [
            "ingestion.batch.status_changed.v1", "ingestion.rows.accepted.v1", "catalog.rows.applied.v1",
            "catalog.items.listed.v1", "matching.matches.found.v1", "matching.run.completed.v1",
            "newsletter.issue.sent.v1", "newsletter.deliveries.progressed.v1",
        ]  # fmt: skip
        places = [next(number for number, event in enumerate(events) if step(kind)(event)) for kind in path]
        assert places == sorted(places), [event["type"] for event in events]
        assert events[0]["actor"]["via"] == "mail"
        assert "clicked" in events[-1]["facts"]
        ids = {event["id"] for event in events}
        assert {event["caused_by"] for event in events if event["caused_by"]} <= ids
        assert all(fate["state"] == "applied" for event in events for fate in event["subscribers"].values())
        assert events[-1]["subscribers"].keys() == {"gateway", "matching"}

        shown = await asyncio.to_thread(command, place.url, events[-1]["id"])  # any event leads to its chain
        assert "begun by a mail" in shown.splitlines()[0]
        assert "week 47.csv" in shown
        assert "1 deliveries clicked" in shown


async def test_trace_when_an_event_did_not_get_through_then_says_where_it_is_and_why() -> None:
    async with installation() as place:
        trading = Trading(place)
        await trading.found()
        await trading.want("carta", "Liner", cadence="on_match")
        async with place.databases["newsletter"].transaction() as conn:
            moved = await conn.execute(
                "INSERT INTO dead_letter (stream, seq, epoch, event_id, type, key, meta, body, occurred_at, attempts,"
                " error) SELECT stream, applied_seq, epoch, gen_random_uuid(), 'x', 'k', '{}', '{}', now(), 6,"
                " 'ValueError: no [such] template' FROM subscription WHERE stream = 'events.matching'"
            )
            assert moved.rowcount == 1
        [wanted] = [one for one in await place.history("matching") if one.type == "matching.requirement.changed.v1"]
        assert isinstance(wanted.event_id, UUID)
        shown = await asyncio.to_thread(command, place.url, str(wanted.event_id))
        assert "newsletter dead" in shown
        assert "newsletter: dead after 6 tries: ValueError: no [such] template" in shown
        assert "gateway ✓" in shown
