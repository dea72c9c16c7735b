"""Pure decisions of ingestion."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.batches import TRANSITIONS, Action, BatchStatus, sources_of
from services.ingestion.domain.files import FileKind, kind_of, safe_name
from services.ingestion.domain.guards import Limits, ListFigures, objections
from services.ingestion.domain.lots import KnownLot, changed_fields, compare, lot_keys
from services.ingestion.domain.trust import Envelope, automatic, verified
from shared.contracts.types import Certification, Form, LotValues, QualityClass

LOT = LotValues(
    grade_code="TL_2",
    form=Form.REEL,
    gsm=Decimal(135),
    weight_net_kg=Decimal(21349),
    quality_class=QualityClass.A,
    location_country="DE",
    lot_ref="SW-1",
    width_mm=2375,
    price=Decimal(645),
    currency="EUR",
    price_per_t=Decimal(645),
)
FIGURES = ListFigures(
    mill_name="Saarmühle",
    trusted=True,
    lots=66,
    rejected=2,
    repeated=0,
    weight_kg=Decimal(590_000),
    usual_weight_kg=Decimal(567_000),
    known=60,
    missing=13,
    price_ratios=(Decimal("0.95"), Decimal("0.96")),
)


def test_list_when_it_is_like_the_last_then_nothing_objects() -> None:
    assert objections(FIGURES, Limits()) == ()


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        pytest.param(replace(FIGURES, trusted=False), "Saarmühle", id="not-trusted"),
        pytest.param(replace(FIGURES, rejected=4), "4 of 70 rows (6%)", id="too-many-bad-rows"),
        pytest.param(replace(FIGURES, rejected=2, repeated=2), "4 of 70 rows", id="repeated-rows-count"),
        pytest.param(replace(FIGURES, weight_kg=Decimal(900_000)), "900.0 t, 59% more", id="much-heavier"),
        pytest.param(replace(FIGURES, weight_kg=Decimal(200_000)), "65% less", id="much-lighter"),
        pytest.param(replace(FIGURES, missing=50), "50 of 60 lots", id="most-lots-gone"),
        pytest.param(replace(FIGURES, price_ratios=(Decimal("0.4"),) * 5), "-60%", id="prices-fell"),
    ],
)
def test_list_when_it_is_unusual_then_the_reason_is_said(figures: ListFigures, words: str) -> None:
    (reason,) = objections(figures, Limits())
    assert words in reason


@pytest.mark.parametrize(
    "figures",
    [
        pytest.param(replace(FIGURES, usual_weight_kg=None, weight_kg=Decimal(9_000_000)), id="first-list-any-weight"),
        pytest.param(replace(FIGURES, known=9, missing=9), id="few-lots-gone"),
        pytest.param(replace(FIGURES, lots=95, rejected=5), id="five-percent-exactly"),
    ],
)
def test_list_when_it_is_just_inside_then_nothing_objects(figures: ListFigures) -> None:
    assert objections(figures, Limits()) == ()


def test_equal_rows_when_without_a_number_then_have_keys_of_their_own() -> None:
    plain = replace(LOT, lot_ref=None)
    keys = lot_keys([plain, plain, LOT, None, replace(plain, gsm=Decimal("135.0"), price=Decimal(1))])
    assert keys[2:4] == ["ref:sw-1", None]
    assert len({keys[0], keys[1], keys[4]}) == 3
    assert {str(key).rpartition(":")[0] for key in (keys[0], keys[1], keys[4])} == {str(keys[0]).rpartition(":")[0]}


def test_lot_when_only_spelled_differently_then_has_not_changed() -> None:
    certified = replace(LOT, certification=(Certification.FSC, Certification.PEFC))
    same = replace(
        certified,
        gsm=Decimal("135.0"),
        lot_ref="sw-1",
        grade_raw="Testliner II",
        certification=(Certification.PEFC, Certification.FSC),
    )
    assert changed_fields(certified, same) == ()
    assert changed_fields(LOT, replace(LOT, price=Decimal(600), price_per_t=Decimal(600))) == ("price",)
    assert changed_fields(LOT, replace(LOT, price=None)) == ("price",)


def test_snapshot_when_compared_then_withdraws_only_what_such_a_list_confirmed_and_does_not_mention() -> None:
    known = {
        "same": KnownLot(LOT, of_this_list=True),
        "other": KnownLot(LOT, of_this_list=True),
        "gone": KnownLot(LOT, of_this_list=True),
        "unreadable": KnownLot(LOT, of_this_list=True),
        "of another list": KnownLot(LOT, of_this_list=False),
    }
    rows = [("same", LOT), ("other", replace(LOT, price=Decimal(1))), ("new", LOT)]
    diff = compare(rows, known, snapshot=True, mentioned=frozenset({"unreadable"}))
    assert [change.action for change in diff.changes] == [Action.CONFIRM, Action.UPDATE, Action.CREATE]
    assert diff.missing == ("gone",)
    assert compare(rows, known, snapshot=False, mentioned=frozenset()).missing == ()


def test_states_when_final_then_nothing_follows() -> None:
    final = {state for state, following in TRANSITIONS.items() if not following}
    assert final == {BatchStatus.DUPLICATE, BatchStatus.REVERTED, BatchStatus.CANCELLED, BatchStatus.EXPIRED}
    assert set(TRANSITIONS) == set(BatchStatus)
    assert sources_of(BatchStatus.COMMITTED) == (BatchStatus.COMMITTING, BatchStatus.REVERTING)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FileKind.EMPTY),
        (b"\n\t ", FileKind.EMPTY),
        (b"a;b\n1;2", FileKind.TEXT),
        (b"BMW;1\n", FileKind.TEXT),
        ("Größe;µm".encode("cp1252"), FileKind.TEXT),
        ("a;b".encode("utf-16"), FileKind.TEXT),
        (b"<html><table>", FileKind.TEXT),
        (b"BEGIN:VCARD\n", FileKind.UNKNOWN),
        (b"abc\x00def", FileKind.UNKNOWN),
        (b"\x89PNG\r\n", FileKind.IMAGE),
        (b"%PDF-1.4", FileKind.PDF),
        (b"PK\x03\x04 word/document.xml", FileKind.ARCHIVE),
        (b"PK\x03\x04 .. xl/workbook.xml", FileKind.XLSX),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", FileKind.XLS),
    ],
)
def test_file_when_looked_at_then_its_bytes_say_what_it_is(content: bytes, kind: FileKind) -> None:
    assert kind_of(content) == kind


@given(st.text(max_size=300) | st.none())
def test_file_name_when_kept_then_is_never_a_path(name: str | None) -> None:
    kept = safe_name(name, default="list.csv")
    assert kept
    assert len(kept) <= 200
    assert not set(kept) & {"/", "\\", "\x00", "\n", "\r"}
    assert not kept.startswith(".")


def envelope(*authentication: str, **more: str | bool | None) -> Envelope:
    values: dict[str, object] = {
        "senders": ("sales@mill.example",),
        "authentication": authentication,
        "return_path": "<sales@mill.example>",
        "auto_submitted": None,
        "precedence": None,
        "looped": False,
    }
    return Envelope(**(values | more))  # type: ignore[arg-type] – the names are those of the fields


@pytest.mark.parametrize(
    ("headers", "believed"),
    [
        pytest.param(("mx.example; dmarc=pass header.from=mill.example",), True, id="dmarc"),
        pytest.param(("MX.Example 1; dmarc=pass (p=reject) header.from=mill.example",), True, id="version-and-comment"),
        pytest.param(("mx.example; dkim=pass header.d=mill.example",), True, id="aligned-dkim"),
        pytest.param(("mx.example; dkim=pass header.d=mailer.example",), False, id="foreign-dkim"),
        pytest.param(("mx.example; dkim=pass header.d=example",), False, id="dkim-of-a-whole-top-level-domain"),
        pytest.param(("mx.example; dmarc=none",), False, id="none"),
        pytest.param(("mx.example; spf=pass smtp.mailfrom=mill.example",), False, id="spf-alone"),
        pytest.param(("mx.example.evil; dmarc=pass",), False, id="longer-name"),
        pytest.param((), False, id="nothing"),
        pytest.param(
            ("mx.example; dmarc=fail", "mx.example; dmarc=pass header.from=mill.example"), False, id="forged-below"
        ),
        pytest.param(("other.example; arc=none", "mx.example; dmarc=pass"), True, id="another-server-on-top"),
    ],
)
def test_sender_when_checked_then_only_our_own_topmost_verdict_counts(headers: tuple[str, ...], believed: bool) -> None:
    assert verified(envelope(*headers), sender_domain="mill.example", authserv_id="mx.example") is believed


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"auto_submitted": "no"}, None),
        ({"auto_submitted": "auto-replied; owner"}, "auto_reply"),
        ({"precedence": "LIST"}, "bulk"),
        ({"return_path": " <> "}, "bounce"),
        ({"return_path": None}, None),
        ({"looped": True}, "own_loop"),
    ],
)
def test_mail_when_a_machine_wrote_it_then_is_ignored(more: dict[str, str | bool | None], reason: str | None) -> None:
    assert automatic(envelope(**more)) == reason
