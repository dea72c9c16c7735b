"""What happens between us and the mail server: refusals, broken connections, a sender that dies."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.newsletter import jobs
from shared.contracts.gateway import OrganizationKind
from shared.db import Database
from tests.integration.newsletter.conftest import ENVIRONMENT, Post, part, values
from tests.integration.newsletter.market import Market, Person
from tests.support.smtp import Accepted, Relay
from tests.support.wait import until

ROOT = Path(__file__).resolve().parents[3]
SENDER = """
import asyncio, sys
from services.newsletter import jobs
from shared.contracts.gateway import OrganizationKind
from shared.db import Database

async def main() -> None:
    db = Database(sys.argv[1], service="newsletter", process="test", size_max=2)
    await db.open()
    await jobs.deliver(db)

asyncio.run(main())
"""


async def told(market: Market, *slugs: str, lots: int = 1) -> list[Person]:
    """Buyers with new lots each, asked for by a list."""
    mill = await market.mill("saar")
    buyers = [await market.buyer(slug) for slug in slugs]
    refs = [f"S{number}" for number in range(lots)]
    await market.listed(mill, *refs)
    for ref in refs:
        await market.matched(ref, *buyers)
    await market.run_completed()
    return buyers


async def published(db: Database, kind: str) -> list[dict[str, object]]:
    bodies = await values(db, "SELECT body FROM outbox WHERE type = %(type)s ORDER BY id", type=kind)
    return [orjson.loads(str(body)) for body in bodies]


async def test_mail_when_accepted_then_is_sent_once_and_told_to_others(db: Database, market: Market, post: Post):
    (buyer,) = await told(market, "one")
    (mail,) = await post.send()
    assert mail["From"].addresses[0].addr_spec == "offers@offcut.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<https://offcut.example/mvp/api/newsletter/unsubscribe/")
    assert mail["Message-ID"].endswith("@offcut.example>")
    assert await values(db, "SELECT status || attempts FROM delivery") == ["sent1"]
    assert await values(db, "SELECT status FROM issue") == ["sent"]
    (sent,) = await published(db, "newsletter.issue.sent.v1")
    assert sent["buyer_id"] == str(buyer.organization_id)
    assert sent["item_ids"] == [str(market.items["S0"])]
    (progress,) = await published(db, "newsletter.deliveries.progressed.v1")
    assert [step["state"] for step in progress["deliveries"]] == ["sent"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] – JSON


async def test_temporary_refusal_then_tried_again_later_with_the_same_id(db: Database, market: Market, post: Post):
    await told(market, "one")
    post.relay.answer_to_data = "451 4.7.1 greylisted, come back later"
    assert await post.send() == []
    assert await values(db, "SELECT status || attempts || smtp_status FROM delivery") == ["queued14.7.1"]
    post.relay.answer_to_data = "250 2.0.0 accepted"
    assert await post.deliver() == []
    await market.set_clock(forward=timedelta(seconds=61))
    (mail,) = await post.deliver()
    assert await values(db, "SELECT message_id || attempts FROM delivery") == [f"{mail['Message-ID']}2"]


async def test_temporary_refusal_when_it_lasts_then_the_mail_fails(db: Database, market: Market, post: Post):
    await told(market, "one")
    post.relay.answer_to_data = "451 4.3.0 later"
    for hours in range(0, 48, 4):
        await market.set_clock(forward=timedelta(hours=hours))
        await post.send()
    assert await values(db, "SELECT status || attempts FROM delivery") == ["failed6"]
    assert await values(db, "SELECT status FROM issue WHERE cadence = 'on_match'") == ["failed"]
    assert await values(db, "SELECT dropped FROM issue_item") == ["failed"]


async def test_unknown_recipient_then_suppressed_and_the_others_get_theirs(db: Database, market: Market, post: Post):
    gone, two = await told(market, "gone", "two")
    post.relay.refusals[gone.email] = "550 5.1.1 no such user"
    mails = await post.send()
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == [two.email]
    assert await values(db, "SELECT status FROM delivery ORDER BY status") == ["bounced", "sent"]
    (change,) = await published(db, "newsletter.suppression.changed.v1")
    assert change["suppressed"] is True
    assert gone.email not in orjson.dumps(change).decode()
    mill = await market.mill("kvarn")
    await market.listed(mill, "K1")
    await market.matched("K1", gone, two)
    await market.run_completed()
    assert len(await post.send()) == 1
    assert await values(db, "SELECT reason FROM delivery WHERE status = 'suppressed'") == ["address_suppressed"]


async def test_refused_content_then_bounced_but_not_suppressed(db: Database, market: Market, post: Post):
    await told(market, "one")
    post.relay.answer_to_data = "554 5.7.1 looks like spam"
    await post.send()
    assert await values(db, "SELECT status FROM delivery") == ["bounced"]
    assert await values(db, "SELECT count(*) FROM suppression") == [0]


async def test_no_mail_server_then_nothing_is_lost(db: Database, market: Market, post: Post):
    await told(market, "one")
    away = jobs.Mailer("smtp://127.0.0.1:1", timeout_seconds=5)
    await post.generate()
    await jobs.deliver_with(db, away, post.config)
    assert await values(db, "SELECT status || attempts FROM delivery") == ["queued1"]
    await market.set_clock(forward=timedelta(seconds=61))
    assert len(await post.deliver()) == 1


async def test_connection_breaks_after_the_content_then_the_copy_has_the_same_id(
    db: Database, market: Market, post: Post
):
    await told(market, "one")
    post.relay.drop_after_data = True
    await post.send()
    post.relay.drop_after_data = False
    await market.set_clock(forward=timedelta(seconds=61))
    await post.deliver()
    first, second = post.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert part(first, "plain") == part(second, "plain")
    assert await values(db, "SELECT status FROM delivery") == ["sent"]


async def test_address_when_it_would_be_a_command_then_never_reaches_the_server(
    db: Database, market: Market, post: Post
):
    await told(market, "one")
    async with db.transaction() as conn:
        await conn.execute(r"UPDATE user_replica SET email = E'evil@one.example\r\nRCPT TO:<x@y.example>'")
    await post.send()
    assert post.relay.accepted == []
    assert await values(db, "SELECT status || ' ' || reason FROM delivery") == ["failed address_not_valid"]


async def test_sender_when_killed_between_acceptance_and_commit_then_only_that_mail_goes_again(
    db: Database, market: Market, post: Post
):
    await told(market, "one", "two", "three")
    await post.generate()
    victim: list[asyncio.subprocess.Process] = []

    class KillingRelay(Relay):
        async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
            content = envelope.content
            assert isinstance(content, bytes)
            self.accepted.append(Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
            os.kill(victim[0].pid, signal.SIGKILL)  # the mail is taken, the answer finds nobody
            await victim[0].wait()
            return "250 2.0.0 accepted"

    killing = KillingRelay(accepted=post.relay.accepted)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(killing, hostname="relay.example"), "127.0.0.1", 0
    )
    async with server:
        killing.port = server.sockets[0].getsockname()[1]
        extra = {"OFFCUT_SMTP_URL": killing.url, "OFFCUT_NEWSLETTER_SMTP_CONNECTIONS_MAX": "1", "PYTHONPATH": str(ROOT)}
        victim.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", SENDER, db.url, env={**os.environ, **ENVIRONMENT, **extra}, cwd=ROOT
            )
        )
        assert await victim[0].wait() == -signal.SIGKILL
    assert len(post.relay.accepted) == 1
    assert await values(db, "SELECT status FROM delivery") == ["sending"] * 3
    assert await post.deliver() == []
    await market.set_clock(forward=timedelta(seconds=post.config.lease_seconds + 1))
    await until(lambda: post.deliver(), what="the mails of the dead sender")
    ids = [mail["Message-ID"] for mail in post.mails()]
    assert len(ids) == 4
    assert len(set(ids)) == 3
    assert ids.count(ids[0]) == 2
    assert await values(db, "SELECT status FROM delivery") == ["sent"] * 3
    assert len(await published(db, "newsletter.issue.sent.v1")) == 3


async def test_two_senders_at_once_then_each_mail_goes_once(db: Database, market: Market, post: Post):
    await told(market, *(f"buyer{number}" for number in range(12)))
    await post.generate()
    config = post.config.model_copy(update={"deliveries_per_claim": 2})
    others = [jobs.Mailer(post.relay.url, timeout_seconds=5) for _ in range(3)]

    async def work(mailer: jobs.Mailer) -> None:
        while await jobs.deliver_with(db, mailer, config):
            pass

    await asyncio.gather(*(work(mailer) for mailer in others))
    for mailer in others:
        await mailer.close()
    assert len(post.relay.accepted) == 12
    assert len({recipient for one in post.relay.accepted for recipient in one.recipients}) == 12


async def test_names_when_they_are_code_or_lines_then_stay_words(market: Market, post: Post):
    evil = '{{7*7}} <b>Eve</b>\r\nBcc: victim@y.example "q" \\ ü'
    mill = await market.mill("saar")
    buyer = await market.buyer("one", name=evil)
    await market.organization("one", OrganizationKind.BUYER, name="<script>{{ 6*7 }}</script>\nX: y",
                              organization_id=buyer.organization_id)  # fmt: skip
    await market.listed(mill, "S1")
    await market.matched("S1", buyer, title="<img src=x>{% if 1 %}\r\nTo: a@b.example")
    await market.run_completed()
    (mail,) = await post.send()
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert len(mail.get_all("To") or []) == 1
    assert post.relay.accepted[0].recipients == (buyer.email,)
    assert mail["To"].addresses[0].display_name.startswith("{{7*7}} <b>Eve</b> Bcc: victim@y.example")
    text, html = part(mail, "plain"), part(mail, "html")
    assert "{{7*7}} <b>Eve</b> Bcc: victim@y.example" in text
    assert "<script>{{ 6*7 }}</script> X: y" in " ".join(text.split())
    assert "{{7*7}} &lt;b&gt;Eve&lt;/b&gt;" in html
    assert "&lt;img src=x&gt;{% if 1 %} To: a@b.example" in html
    for raw in ("<b>Eve", "<script", "<img src=x", ">49 ", "42 &lt;"):
        assert raw not in html


async def test_reader_without_tracking_then_gets_straight_links(db: Database, market: Market, post: Post):
    (buyer,) = await told(market, "one")
    async with db.transaction() as conn:
        await conn.execute(
            "INSERT INTO preference (user_id, version, weekday, send_time, items_max, tracking, updated_at)"
            " VALUES (%(id)s, 1, 1, '07:00', 50, false, clock())",
            {"id": buyer.user_id},
        )
    (mail,) = await post.send()
    item: UUID = market.items["S0"]
    assert f"https://offcut.example/mvp/app/lots/{item}" in part(mail, "plain")
    assert "https://offcut.example/mvp/app/newsletter" in part(mail, "plain")
    assert "/open" not in part(mail, "html")
    assert await values(db, "SELECT kind FROM tracking_link") == ["unsubscribe"]
