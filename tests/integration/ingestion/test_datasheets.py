"""Data sheets from the upload to the items: states, people, files, and PDFs that mean harm."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission

from services.ingestion.handlers import on_windows_closed, on_windows_extended, on_windows_granted
from services.ingestion.reading import Reader
from services.ingestion.snapshots import publish_snapshots
from services.ingestion.usecases.extraction import begin_extraction, fail_extraction
from shared.contracts.exclusivity import WindowOutcome
from shared.contracts.ingestion import BatchStatusChanged, DatasheetApproved, DatasheetFailed
from shared.db import clock
from tests.integration.ingestion.market import Market
from tests.integration.ingestion.post import LIST, SENDER, Post, mail
from tests.integration.ingestion.sheets import Desk, bare_pdf, liner_sheet, said
from tests.support.datasheet_pdf import Sheet
from tests.support.datasheet_samples import differences, sample_sheets
from tests.support.lots import closed, extended, granted
from tests.support.tokens import bearer

HARMFUL = 300_000_000


@pytest.fixture(name="desk")
def desk_of(market: Market) -> Desk:
    return Desk(market)


async def test_sheet_of_a_trusted_mill_when_nothing_is_in_doubt_then_is_published(desk: Desk) -> None:
    item = await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    await desk.list_lot(desk.market.trusted, ref="K-2", gsm=Decimal(112), product_name="Sudliner")
    await desk.list_lot(desk.market.untrusted, ref="K-3", gsm=Decimal(112))

    sheet = await desk.taken(liner_sheet())

    assert (sheet["status"], sheet["read_by"], sheet["reasons"]) == ("approved", "own", [])
    assert (sheet["product"], sheet["grade_code"]) == ("Nordliner", "KL_BROWN")
    assert said(sheet)["125", "sct", "CD"] == Decimal("2.3")
    assert [(link["item_id"], link["reason"]) for link in sheet["links"]] == [(str(item), "product")]
    assert all(one["page"] == 1 and one["snippet"] and Decimal(one["confidence"]) >= Decimal("0.9")
               for one in sheet["values"])  # fmt: skip
    (event,) = await desk.market.events(DatasheetApproved)
    assert (event.item_ids, event.version, len(event.values)) == ((item,), sheet["version"], 8)


async def test_same_file_when_sent_again_then_answers_the_known_sheet(desk: Desk) -> None:
    first = await desk.taken(liner_sheet())
    again = await desk.upload(liner_sheet())

    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert await desk.read() == 0
    other = await desk.upload(liner_sheet(), mill=desk.market.untrusted)
    assert other.json()["id"] != first["id"]


async def test_sheet_when_it_needs_a_person_then_waits_with_reasons_and_is_corrected(desk: Desk) -> None:
    mill = desk.market.untrusted
    item = await desk.list_lot(mill, gsm=Decimal(112))
    sheet = await desk.taken(liner_sheet(unsure=True), mill=mill)
    assert sheet["status"] == "review_required"
    assert "2 of 8 values" in sheet["reasons"][0]
    assert "person" in sheet["reasons"][-1]
    assert await desk.market.events(DatasheetApproved) == []
    queue = await desk.ask("GET", "/datasheets?status=review_required", bearer("mill_user", mill))
    assert [one["id"] for one in queue.json()["items"]] == [sheet["id"]]

    wrong = await desk.review(sheet, {"values": [{"property": "tear", "value": "1200", "unit": "µm"}]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_value")
    strange = await desk.review(sheet, {"item_ids": [str(uuid4())]})
    assert (strange.status_code, strange.json()["code"]) == (422, "unknown_lot")
    values = [
        {"property": "tear", "value": "1.2", "unit": "N", "gsm": "112", "direction": "MD"},
        {"property": "burst", "value": "560", "unit": "kPa", "gsm": "112", "standard": "ISO 2758"},
    ]
    done = await desk.review(sheet, {"values": values, "item_ids": [str(item)], "approve": True})
    assert done.status_code == 200, done.text
    after = done.json()
    assert (after["status"], after["read_by"]) == ("approved", "person")
    assert said(after) == {("112", "tear", "MD"): Decimal(1200), ("112", "burst", None): Decimal(560)}
    assert "Burst" in after["values"][1]["snippet"]
    late = await desk.review(sheet, {"approve": True})
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    (event,) = await desk.market.events(DatasheetApproved)
    assert (event.item_ids, [one.property for one in event.values]) == ((item,), ["tear", "burst"])


async def test_sheet_when_the_lot_it_was_sent_for_is_of_another_grade_then_waits(desk: Desk) -> None:
    item = await desk.list_lot(desk.market.trusted, grade_code="TL_2")
    sheet = await desk.taken(liner_sheet(), item_id=str(item))
    assert sheet["status"] == "review_required"
    assert sheet["reasons"] == ["The data sheet and its lots are of different grades: KL_BROWN, TL_2."]
    nobody = await desk.upload(liner_sheet("Other"), item_id=str(uuid4()))
    assert (nobody.status_code, nobody.json()["code"]) == (422, "unknown_lot")


async def test_sheet_when_it_has_no_text_then_a_person_types_it(desk: Desk) -> None:
    picture = FPDF()
    picture.add_page()
    picture.rect(20, 20, 100, 100, style="F")
    mill = desk.market.untrusted
    item = await desk.list_lot(mill)

    sheet = await desk.taken(bytes(picture.output()), mill=mill)

    assert (sheet["status"], sheet["values"], sheet["reading"]["status"]) == ("review_required", [], "no_text")
    assert "no text" in sheet["reasons"][0]
    typed = [{"property": "burst", "value": "560", "unit": "kPa"}]
    done = await desk.review(sheet, {"values": typed, "item_ids": [str(item)], "approve": True})
    assert done.json()["status"] == "approved"


async def test_sheet_when_a_newer_one_speaks_of_the_same_lots_then_is_superseded(desk: Desk) -> None:
    await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    old = await desk.taken(liner_sheet(issue="Issue 1 March 2026"))
    new = await desk.taken(liner_sheet(issue="Issue 1 June 2026"))

    assert (await desk.get(old["id"]))["status"] == "superseded"
    assert (new["status"], new["reading"]["revision_date"]) == ("approved", "2026-06-01")
    assert (await desk.market.events(DatasheetApproved))[-1].replaces == (UUID(old["id"]),)
    closed_one = await desk.ask("POST", f"/datasheets/{old['id']}/extractions",
                                bearer("admin", desk.market.operator) | {"Idempotency-Key": str(uuid4())})  # fmt: skip
    assert closed_one.status_code == 409


async def test_sample_sheets_when_uploaded_then_the_api_says_what_each_means(desk: Desk) -> None:
    for sample in sample_sheets():
        sheet = await desk.taken(sample.content)
        reading = {**sheet["reading"], "values": sheet["values"]}
        assert differences(sample.name, reading, sample.expected) == []
        assert sheet["status"] == "review_required", "no lot of it is for sale"
    queue = await desk.ask("GET", "/datasheets?status=review_required", bearer("mill_user", desk.market.trusted))
    assert len(queue.json()["items"]) == len(sample_sheets())


async def test_state_when_told_anew_then_names_the_approved_sheets(desk: Desk) -> None:
    await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    await desk.taken(liner_sheet())
    async with desk.market.db.transaction() as conn:
        await publish_snapshots(conn)
    first, again = await desk.market.events(DatasheetApproved)
    assert again == first


async def test_lot_when_listed_after_its_sheet_was_approved_then_is_shown_with_it(desk: Desk) -> None:
    first = await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    sheet = await desk.taken(liner_sheet())
    later = await desk.list_lot(desk.market.trusted, ref="K-2", gsm=Decimal(125), product_name="NORDLINER")
    await desk.list_lot(desk.market.trusted, ref="K-3", gsm=Decimal(140))
    await desk.list_lot(desk.market.trusted, ref="K-4", gsm=Decimal(125), product_name=None)
    before, after = await desk.market.events(DatasheetApproved)
    assert before.item_ids == (first,)
    assert set(after.item_ids) == {first, later}
    assert after.version == sheet["version"] + 1


async def test_sheet_when_its_lots_come_after_it_then_is_published_with_them(desk: Desk) -> None:
    sheet = await desk.taken(liner_sheet())
    assert (sheet["status"], sheet["links"]) == ("review_required", [])
    await desk.list_lot(desk.market.trusted, ref="K-9", grade_code="TL_2")
    assert await desk.read() == 0
    item = await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    assert await desk.read() == 1
    (event,) = await desk.market.events(DatasheetApproved)
    assert event.item_ids == (item,)


async def test_file_when_asked_for_then_only_its_mill_and_who_holds_or_bought_a_lot_get_it(desk: Desk) -> None:
    mill, buyer, other = desk.market.trusted, uuid4(), uuid4()
    item = await desk.list_lot(mill, gsm=Decimal(112))
    content = liner_sheet()
    path = f"/datasheets/{(await desk.taken(content))['id']}/file"
    got = await desk.ask("GET", path, bearer("mill_user", mill))
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, content, "application/pdf")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment")

    async def seen_by(role: str, organization_id: UUID) -> int:
        return (await desk.ask("GET", path, bearer(role, organization_id))).status_code

    window = granted(item, mill, buyer, expires_at=datetime.now(UTC) + timedelta(hours=48))
    assert (await seen_by("mill_user", desk.market.untrusted), await seen_by("buyer_user", buyer)) == (404, 404)
    async with desk.market.db.transaction() as conn:
        await on_windows_granted(conn, [window])
    assert (await seen_by("buyer_user", buyer), await seen_by("buyer_user", other)) == (200, 404)
    assert (await desk.ask("GET", path.removesuffix("/file"), bearer("buyer_user", buyer))).status_code == 403
    await desk.market.set_clock("clock_timestamp() + interval '49 hours'")
    assert await seen_by("buyer_user", buyer) == 404
    async with desk.market.db.transaction() as conn:
        await on_windows_extended(conn, [extended(window, until=datetime.now(UTC) + timedelta(hours=72))])
    assert await seen_by("buyer_user", buyer) == 200
    async with desk.market.db.transaction() as conn:
        await on_windows_closed(conn, [closed(window, WindowOutcome.RELEASED)])
    assert await seen_by("buyer_user", buyer) == 404
    async with desk.market.db.transaction() as conn:
        await on_windows_granted(conn, [window])
        await on_windows_closed(conn, [closed(window, WindowOutcome.CONVERTED)])
    assert await seen_by("buyer_user", buyer) == 200


async def test_reading_when_its_worker_died_then_is_redone_and_the_dead_one_changes_nothing(desk: Desk) -> None:
    await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    await desk.upload(liner_sheet())
    async with desk.market.db.transaction() as conn:
        dead = await begin_extraction(conn, lease_seconds=120, now=await clock(conn))
    assert dead is not None
    assert await desk.read() == 0, "the lease still holds"
    await desk.market.set_clock("clock_timestamp() + interval '3 minutes'")
    assert await desk.read() == 1
    async with desk.market.db.transaction() as conn:
        await fail_extraction(conn, dead.claim, code="late", reason="back from the dead")
    assert (await desk.get(str(dead.claim.datasheet_id)))["status"] == "approved"
    assert len(await desk.market.events(DatasheetApproved)) == 1
    assert await desk.market.events(DatasheetFailed) == []


def locked() -> bytes:
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="secret", permissions=AccessPermission.none())
    pdf.add_page()
    return bytes(pdf.output())


async def test_pdfs_that_mean_harm_when_read_then_end_in_a_reason_and_the_next_is_served(desk: Desk) -> None:
    cases = {
        locked(): "password",
        liner_sheet()[:400]: "damaged",
        bare_pdf(b" " * HARMFUL): "memory",
        bare_pdf(b"BT /F 9 Tf (a) Tj ET\n" * 2_000_000): "time",
    }
    strict = Reader(desk.market.settings.model_copy(update={"sheet_cpu_seconds": 1}))
    desk = replace(desk, market=replace(desk.market, reader=strict))
    for content, code in cases.items():
        began = time.monotonic()
        sheet = await desk.taken(content)
        assert time.monotonic() - began < 5, code
        assert (sheet["status"], sheet["values"]) == ("failed", [])
        event = (await desk.market.events(DatasheetFailed))[-1]
        assert (event.code, event.reason, event.reply_to) == (code, sheet["reasons"][0], None)
        assert "Send" in event.reason or "send" in event.reason
    assert (await desk.taken(liner_sheet()))["status"] == "review_required"
    await strict.close()
    no_pdf = await desk.upload(b"Lot;gsm\r\nA;80\r\n")
    assert (no_pdf.status_code, no_pdf.json()["code"]) == (415, "unsupported_media_type")


async def test_sheet_that_failed_when_asked_again_then_is_read_anew(desk: Desk) -> None:
    failed = await desk.taken(liner_sheet()[:400])
    headers = bearer("mill_user", desk.market.trusted) | {"Idempotency-Key": str(uuid4())}
    again = await desk.ask("POST", f"/datasheets/{failed['id']}/extractions", headers)
    assert (again.status_code, again.json()["status"]) == (202, "received")
    assert await desk.read() == 1
    assert (await desk.get(failed["id"]))["status"] == "failed"
    assert len(await desk.market.events(DatasheetFailed)) == 2


async def test_two_workers_when_they_read_at_once_then_each_sheet_is_read_once(market: Market, reader: Reader) -> None:
    desk = Desk(market)
    for number in range(4):
        await desk.upload(liner_sheet(f"Sheet {number}"))
    assert sum(await asyncio.gather(desk.read(), desk.read())) == 4


async def test_mail_when_it_brings_a_list_and_a_sheet_then_is_a_batch_and_a_datasheet(post: Post) -> None:
    await post.arrive(mail(LIST, liner_sheet()), mail(liner_sheet("Alone"), message_id="<2@saarmuehle.example>"))
    both, alone = await post.messages()
    assert (both["status"], len(both["batch_ids"]), len(both["datasheet_ids"])) == ("batch", 1, 1)  # pyright: ignore[reportArgumentType] – JSON
    assert (alone["status"], alone["batch_ids"], len(alone["datasheet_ids"])) == ("datasheet", [], 1)  # pyright: ignore[reportArgumentType] – JSON
    await Desk(post.market).read()
    sheets = await Desk(post.market).ask("GET", "/datasheets", bearer("mill_user", post.market.trusted))
    assert {(one["source"], one["status"]) for one in sheets.json()["items"]} == {("mail", "review_required")}
    assert len({event.batch_id for event in await post.market.events(BatchStatusChanged)}) == 1


async def test_mailed_sheet_when_it_cannot_be_read_then_its_sender_is_named_for_the_answer(post: Post) -> None:
    await post.arrive(mail(Sheet("Cut").bytes()[:60]))
    await Desk(post.market).read()
    (event,) = await post.market.events(DatasheetFailed)
    assert (event.reply_to, event.language, event.code) == (SENDER, "de", "damaged")
