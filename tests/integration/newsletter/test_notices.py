"""Mails that are owed at once: both sides of a window, the answer to a list."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.exclusivity import (
    WindowClosed,
    WindowExpiringSoon,
    WindowExtended,
    WindowExtensionRequested,
    WindowGranted,
    WindowOutcome,
)
from shared.contracts.gateway import Role
from shared.contracts.ingestion import BatchCounts, BatchStatusChanged, DatasheetFailed
from shared.db import Database
from tests.integration.newsletter.conftest import Post, part, values
from tests.integration.newsletter.market import Market, bring

UNTIL = datetime(2035, 3, 5, 13, 30, tzinfo=UTC)


def granted(market: Market, mill_id: UUID, buyer_id: UUID, ref: str) -> WindowGranted:
    return WindowGranted(
        item_id=market.items[ref], mill_id=mill_id, listing_cycle=1, window_id=uuid4(), buyer_id=buyer_id,
        interest_id=uuid4(), grant_number=1, max_grants=3, granted_at=UNTIL - timedelta(hours=48), expires_at=UNTIL,
        origin="first_interest",
    )  # fmt: skip


async def test_window_when_granted_then_both_sides_learn_of_each_other(db: Database, market: Market, post: Post):
    buyer, mill = await market.buyer("one", language="de"), await market.mill("saar")
    seller = await market.person(mill, "saar", role=Role.MILL_USER)
    await market.listed(mill, "REF-1")
    event = granted(market, mill, buyer.organization_id, "REF-1")
    await bring(db, event, event)
    mails = {mail["To"].addresses[0].addr_spec: mail for mail in await post.send()}
    assert set(mails) == {buyer.email, seller.email}
    to_buyer, to_mill = part(mails[buyer.email], "plain"), part(mails[seller.email], "plain")
    for word in ("Saar Ltd", "Desk of saar · desk@saar.example", "REF-1", "Mo, 5. März, 14:30 Uhr", "612,50\u202fEUR"):
        assert word in to_buyer
        assert word in part(mails[buyer.email], "html")
    for word in ("One Ltd", "desk@one.example", "Mon 5 March, 14:30"):
        assert word in to_mill
    assert mails[buyer.email]["List-Unsubscribe"] is None
    assert await post.send() == []


async def test_window_when_nobody_of_the_mill_is_active_then_its_contacts_are_told_once(
    db: Database, market: Market, post: Post
):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    await bring(db, event, event, asked(event, reason=None))
    mails = {str(mail["Subject"])[:17]: mail for mail in await post.send() if "desk@saar.example" in str(mail["To"])}
    assert set(mails) == {"A buyer holds you", "One Ltd asks for "}
    told = part(mails["A buyer holds you"], "plain")
    assert "Good day Desk of saar," in told
    assert "One Ltd holds this lot until Mon 5 March, 14:30." in told.replace("\r\n", " ")


async def test_window_when_its_lot_is_not_known_yet_then_the_mail_waits(db: Database, market: Market, post: Post):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    market.items["S1"] = uuid4()
    await bring(db, granted(market, mill, buyer.organization_id, "S1"))
    assert await post.deliver() == []
    assert await values(db, "SELECT status || attempts FROM delivery") == ["queued0", "queued0"]
    await market.listed(mill, "S1")
    await market.set_clock(forward=timedelta(seconds=3))
    assert len(await post.deliver()) == 2


async def test_window_when_closed_before_the_mail_then_nobody_is_told(db: Database, market: Market, post: Post):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    closed = WindowClosed(
        item_id=event.item_id, mill_id=mill, listing_cycle=1, window_id=event.window_id, buyer_id=event.buyer_id,
        outcome=WindowOutcome.RELEASED, closed_at=UNTIL, grants_remaining=2,
    )  # fmt: skip
    await bring(db, event, closed)
    assert await post.deliver() == []
    assert await values(db, "SELECT DISTINCT reason FROM delivery") == ["window_closed"]


async def test_window_when_it_ends_soon_then_the_holder_is_reminded_once(db: Database, market: Market, post: Post):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    soon = WindowExpiringSoon(
        item_id=event.item_id, mill_id=mill, listing_cycle=1, window_id=event.window_id, buyer_id=event.buyer_id,
        expires_at=UNTIL, threshold_hours=4,
    )  # fmt: skip
    await bring(db, event, soon, soon)
    subjects = sorted(str(mail["Subject"]) for mail in await post.send())
    assert len(subjects) == 3
    assert subjects[0].startswith("4 hours left: Testliner 2, 135")


def extended(event: WindowGranted) -> WindowExtended:
    return WindowExtended(
        item_id=event.item_id, mill_id=event.mill_id, listing_cycle=1, window_id=event.window_id,
        buyer_id=event.buyer_id, old_expires_at=event.expires_at, expires_at=UNTIL + timedelta(hours=24), by="mill",
        reason="The sample <reel> is late.",
    )  # fmt: skip


def asked(event: WindowGranted, *, reason: str | None) -> WindowExtensionRequested:
    return WindowExtensionRequested(
        item_id=event.item_id, mill_id=event.mill_id, listing_cycle=1, window_id=event.window_id,
        buyer_id=event.buyer_id, expires_at=event.expires_at, reason=reason,
    )  # fmt: skip


async def test_window_when_extended_then_the_holder_is_told_once_why_and_until_when(
    db: Database, market: Market, post: Post
):
    buyer, mill = await market.buyer("one", language="de"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    await bring(db, event)
    await post.send()
    await bring(db, extended(event), extended(event))
    (mail,) = await post.send()
    assert mail["To"].addresses[0].addr_spec == buyer.email
    assert str(mail["Subject"]).startswith("Mehr Zeit, für Sie bis Di, 6. März, 14:30 Uhr: ")
    assert "Im Wortlaut\r\n  The sample <reel> is late." in part(mail, "plain")
    assert "The sample &lt;reel&gt; is late." in part(mail, "html")


@pytest.mark.parametrize("reason", [None, "The sample is late."])
async def test_window_when_its_holder_asks_for_more_time_then_the_mill_is_told_once(
    db: Database, market: Market, post: Post, reason: str | None
):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    await bring(db, event)
    await post.send()
    seller = await market.person(mill, "saar", role=Role.MILL_USER)
    await bring(db, asked(event, reason=reason), asked(event, reason=reason))
    (mail,) = await post.send()
    assert mail["To"].addresses[0].addr_spec == seller.email
    assert str(mail["Subject"]).startswith("One Ltd asks for more time: ")
    assert ("In their words" in part(mail, "plain")) is (reason is not None)
    assert "None" not in part(mail, "plain")


async def test_reminder_when_the_window_was_extended_meanwhile_then_not_sent(db: Database, market: Market, post: Post):
    buyer, mill = await market.buyer("one"), await market.mill("saar")
    await market.listed(mill, "S1")
    event = granted(market, mill, buyer.organization_id, "S1")
    soon = WindowExpiringSoon(
        item_id=event.item_id, mill_id=mill, listing_cycle=1, window_id=event.window_id, buyer_id=event.buyer_id,
        expires_at=UNTIL, threshold_hours=4,
    )  # fmt: skip
    await bring(db, event, soon, extended(event))
    subjects = sorted(str(mail["Subject"])[:9] for mail in await post.send())
    assert subjects == ["A buyer h", "More time", "Yours unt"]
    assert await values(db, "SELECT reason FROM delivery WHERE kind = 'window_reminder'") == ["window_extended"]


def batch(status: str, *, reply_to: str | None, language: str | None = "de") -> BatchStatusChanged:
    return BatchStatusChanged(
        batch_id=UUID(int=7), mill_id=UUID(int=8), version=3, status=status, file_name="Liste <KW 46>.xlsx",
        reasons=("Der Preis wich stark ab.",), problems=("Zeile 14: Grammatur 9999 ist nicht möglich",),
        counts=BatchCounts(total=62, valid=56, applied=56, rejected=6), reply_to=reply_to, language=language,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "language", "subject"),
    [
        ("committed", "de", "Liste <KW 46>.xlsx: 56 Partien sind online"),
        ("review_required", "de", "Liste <KW 46>.xlsx: bitte einmal ansehen"),
        ("committed", "fi", "Liste <KW 46>.xlsx: 56 lots are online"),
        ("failed", None, "Liste <KW 46>.xlsx: we could not read it"),
        ("cancelled", "de", "Liste <KW 46>.xlsx: nicht veröffentlicht"),
        ("expired", "en", "Liste <KW 46>.xlsx: closed without a decision"),
        ("reverted", "de", "Liste <KW 46>.xlsx: zurückgenommen"),
    ],
)
async def test_list_when_its_sender_is_known_then_is_answered_once_in_his_language(
    db: Database, market: Market, post: Post, status: str, language: str | None, subject: str
):
    event = batch(status, reply_to="lager@mill.example", language=language)
    await bring(db, event, event)
    (mail,) = await post.send()
    assert mail["Subject"] == subject
    assert "Zeile 14: Grammatur 9999 ist nicht möglich" in part(mail, "plain")
    assert "Liste &lt;KW 46&gt;.xlsx" in part(mail, "html")
    link = f"/mvp/app/lists/{UUID(int=7)}"
    words = "Nicht übernommene Zeilen ansehen" if language == "de" else "See and download the rows"
    assert all(link in part(mail, face) and words in part(mail, face) for face in ("plain", "html"))


async def test_list_when_all_of_it_was_taken_over_then_the_answer_has_no_link(db: Database, market: Market, post: Post):
    event = batch("committed", reply_to="lager@mill.example").model_copy(
        update={"counts": BatchCounts(total=62, valid=62, applied=62)}
    )
    await bring(db, event)
    (mail,) = await post.send()
    assert "/mvp/app/lists/" not in part(mail, "plain")


async def test_sender_when_reminded_of_a_waiting_list_then_gets_one_more_mail(db: Database, market: Market, post: Post):
    event = batch("review_required", reply_to="lager@mill.example")
    again = event.model_copy(update={"previous": "review_required", "reasons": ("A reminder: still waiting.",)})
    await bring(db, event, again, again)
    texts = [part(mail, "plain") for mail in await post.send()]
    assert sorted("A reminder: still waiting." in text for text in texts) == [False, True]


async def test_list_when_nobody_may_be_answered_or_it_is_under_way_then_no_mail(db: Database, post: Post):
    await bring(
        db,
        batch("committed", reply_to=None),
        batch("parsing", reply_to="lager@mill.example"),
        batch("committed", reply_to="lager@mill.example\r\nBcc: x@y.example"),
    )
    assert await post.send() == []


async def test_datasheet_when_it_cannot_be_read_then_its_sender_or_its_mill_is_told_once(
    db: Database, market: Market, post: Post
):
    mill = await market.mill("saar")
    seller = await market.person(mill, "saar", role=Role.MILL_USER)
    reason = "The PDF is protected by a password. Send it without one."
    failed = DatasheetFailed(
        datasheet_id=uuid4(), mill_id=mill, version=2, code="password", reason=reason, file_name="Liner TDS.pdf",
        reply_to="sales@saar.example", language="de",
    )  # fmt: skip
    uploaded = failed.model_copy(update={"datasheet_id": uuid4(), "reply_to": None})
    await bring(db, failed, failed, uploaded)
    mails = {mail["To"].addresses[0].addr_spec: mail for mail in await post.send()}
    assert set(mails) == {"sales@saar.example", seller.email}
    assert mails["sales@saar.example"]["Subject"] == "Liner TDS.pdf: Datenblatt nicht lesbar"
    assert all(reason in part(mail, "plain") for mail in mails.values())
    assert await post.send() == []
