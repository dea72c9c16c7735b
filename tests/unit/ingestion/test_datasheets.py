"""Data sheets in layouts that nobody gave us, and the six that somebody did."""

import ast
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.ingestion.datasheets import SheetReading, UnreadableSheet
from services.ingestion.datasheets.pdf import PAGES_MAX, read_pdf
from tests.support.datasheet_pdf import Sheet, Table
from tests.support.datasheet_samples import SampleSheet, differences, plain, sample_sheets

TODAY = date(2026, 11, 21)
SURE = 0.9


def read(sheet: Sheet) -> SheetReading:
    return read_pdf(sheet.bytes(), today=TODAY)


def values(reading: SheetReading) -> dict[tuple[int, str, str | None], str]:
    """What the sheet says in few words: grammage, property and direction to the number with its unit."""
    return {
        (int(one.gsm or 0), one.property, one.direction): f"{one.value.normalize():f} {one.unit}".strip()
        for one in reading.values
    }


@pytest.mark.parametrize("sample", sample_sheets(), ids=lambda sample: sample.name)
def test_sheet_when_of_the_collection_then_says_what_the_mill_meant(sample: SampleSheet) -> None:
    reading = read_pdf(sample.content, today=TODAY)

    assert differences(sample.name, plain(reading), sample.expected) == []
    assert all(value.confidence >= SURE and value.snippet for value in reading.values)


def test_sheet_when_turned_with_directions_in_a_second_head_then_reads_columns() -> None:
    head = [
        ["Gramaje", "Espesor", "Blancura", "Resistencia a la tracción", ""],
        ["ISO 536", "ISO 534", "CIE", "MD", "CD"],
        ["g/m²", "µm", "%", "kN/m", "kN/m"],
    ]
    rows = [["70", "92", "146", "4,6", "2,1"], ["80", "104", "146", "5,2", "2,4"], ["90", "115", "146", "5,8", "2,7"]]

    reading = read(Sheet("Cebra", "Papel offset sin madera").table(Table([*head, *rows], [28] * 5)))

    assert reading.language == "es"
    assert reading.grade_code == "WFU"
    assert {key: number for key, number in values(reading).items() if key[0] == 80} == {
        (80, "grammage", None): "80 g/m²",
        (80, "thickness", None): "104 µm",
        (80, "whiteness", None): "146 %",
        (80, "tensile", "MD"): "5.2 kN/m",
        (80, "tensile", "CD"): "2.4 kN/m",
    }
    assert len(reading.values) == 15


def test_sheet_when_words_are_broken_and_units_stand_apart_then_reads_them() -> None:
    rows = [
        ["Caractéristique", "Unité", "Norme", "Valeur", "Tolérance"],
        ["Gramm-\nage", "g/m²", "ISO 536", "80", "± 4 %"],
        ["Épaisseur", "µm", "ISO 534", "104", "± 5 %"],
        ["Résistance à la trac-\ntion sens travers", "kN/m", "ISO 1924-2", "2,4", ""],
        ["Rugosité Bendtsen", "ml/min", "ISO 8791-2", "180", "max 250"],
        ["Humidité", "%", "ISO 287", "4,5", "± 0,5"],
        ["pH", "", "ISO 6588-1", "7,5", ""],
    ]

    reading = read(Sheet("Vaubrennes Blanc", "Papier offset").table(Table(rows, [50, 20, 30, 20, 25], ruled=True)))

    assert values(reading) == {
        (80, "grammage", None): "80 g/m²",
        (80, "thickness", None): "104 µm",
        (80, "tensile", "CD"): "2.4 kN/m",
        (80, "roughness_bendtsen", None): "180 ml/min",
        (80, "moisture", None): "4.5 %",
        (80, "ph", None): "7.5",
    }
    assert [one.tolerance for one in reading.values] == ["± 4 %", "± 5 %", None, "max 250", "± 0.5", None]
    assert reading.language == "fr"


def test_sheet_when_two_tables_stand_side_by_side_then_each_has_its_grammage() -> None:
    left = [["Grammage", "g/m²", "120"], ["Thickness", "µm", "175"], ["SCT CD", "kN/m", "1.9"], ["Burst", "kPa", "260"]]
    right = [
        ["Grammage", "g/m²", "140"],
        ["Thickness", "µm", "205"],
        ["SCT CD", "kN/m", "2.2"],
        ["Burst", "kPa", "300"],
    ]
    sheet = Sheet("Twin", "Testliner 3").table(Table(left, [30, 15, 15])).table(Table(right, [30, 15, 15], x=110))

    found = values(read(sheet))

    assert found[(120, "sct", "CD")] == "1.9 kN/m"
    assert found[(140, "sct", "CD")] == "2.2 kN/m"
    assert found[(140, "burst", None)] == "300 kPa"
    assert len(found) == 8


def test_sheet_when_it_gives_limits_then_the_target_is_the_value() -> None:
    rows = [
        ["Property", "Unit", "Min", "Target", "Max"],
        ["Grammage ISO 536", "g/m²", "136", "140", "144"],
        ["Burst ISO 2758", "kPa", "600", "680", ""],
        ["Cobb 60 s top ISO 535", "g/m²", "25", "30", "40"],
    ]

    reading = read(Sheet("Nord", "Kraftliner brown").table(Table(rows, [50, 20, 20, 20, 20])))

    assert [(one.property, one.value, one.minimum, one.maximum) for one in reading.values] == [
        ("grammage", Decimal(140), Decimal(136), Decimal(144)),
        ("burst", Decimal(680), Decimal(600), None),
        ("cobb60", Decimal(30), Decimal(25), Decimal(40)),
    ]
    assert {one.gsm for one in reading.values} == {Decimal(140)}


def test_sheet_when_a_list_of_lines_in_other_units_then_converts_them() -> None:
    lines = ["Substance 115 g/m2", "Caliper 0.098 mm", "Opacity min. 94 %", "Tear MD/CD 520 / 560 mN",
             "Tensile strength MD 75 N/15 mm"]  # fmt: skip
    sheet = Sheet("Bright Silk", "Woodfree coated silk")
    for number, line in enumerate(lines):
        sheet.text(15, 50 + 6 * number, line)

    reading = read(sheet)

    assert values(reading) == {
        (115, "grammage", None): "115 g/m²",
        (115, "thickness", None): "98 µm",
        (115, "opacity", None): "94 %",
        (115, "tear", "MD"): "520 mN",
        (115, "tear", "CD"): "560 mN",
        (115, "tensile", "MD"): "5 kN/m",
    }
    opacity = next(one for one in reading.values if one.property == "opacity")
    assert (opacity.tolerance, opacity.minimum) == ("min", Decimal(94))


def test_sheet_when_directions_stand_in_rows_of_their_own_then_belong_to_the_property_above() -> None:
    rows = [
        ["Property", "Method", "Unit", "40", "50"],
        ["Basis weight", "ISO 536", "g/m²", "40", "50"],
        ["Tensile strength", "ISO 1924", "", "", ""],
        ["MD", "", "kN/m", "3.1", "3.9"],
        ["CD", "", "kN/m", "1.5", "1.9"],
        ["Wet strength MD", "ISO 3781", "kN/m", "", "0.5"],
    ]

    found = values(read(Sheet("White", "MG kraft white").table(Table(rows, [50, 25, 20, 15, 15]))))

    assert found[(50, "tensile", "MD")] == "3.9 kN/m"
    assert found[(40, "tensile", "CD")] == "1.5 kN/m"
    assert (40, "wet_tensile", "MD") not in found
    assert found[(50, "wet_tensile", "MD")] == "0.5 kN/m"


def test_sheet_when_columns_are_thicknesses_then_the_grammage_row_decides() -> None:
    rows = [
        ["Spessore", "µm", "300", "350", "400"],
        ["Grammatura", "g/m²", "200", "225", "250"],
        ["Rigidità MD (L&W 5°)", "mNm", "11,0", "15,2", "21,9"],
    ]

    found = values(read(Sheet("Avorio", "Cartoncino fibra vergine GC1").table(Table(rows, [45, 15, 15, 15, 15]))))

    assert found[(225, "thickness", None)] == "350 µm"
    assert found[(250, "stiffness", "MD")] == "21.9 mNm"


def test_sheet_when_labels_carry_notes_and_methods_are_written_otherwise_then_reads_them() -> None:
    rows = [
        ["Property", "Method", "Unit", "Value"],
        ["Grammage¹", "EN 20536/ISO 536", "g/m²", "80"],
        ["Opacity 1)", "ISO 2471:2008", "%", "92.5*"],
        ["Tensile strength", "ISO 1924/2", "", ""],
        ["MD", "", "kN/m", "5.2 ± 0.4"],
        ["Roughness PPS, TS", "ISO 8791 - 4", "µm", "2.4"],
    ]

    reading = read(Sheet("Noted", "Offset").table(Table(rows, [50, 35, 20, 25])))

    assert [(one.property, one.direction, f"{one.value}", one.standard, one.tolerance) for one in reading.values] == [
        ("grammage", None, "80", "ISO 536", None),
        ("opacity", None, "92.5", "ISO 2471", None),
        ("tensile", "MD", "5.2", "ISO 1924-2", "± 0.4"),
        ("roughness_pps", "top", "2.4", "ISO 8791-4", None),
    ]
    assert all(one.confidence >= SURE for one in reading.values)


def test_sheet_when_columns_are_directions_then_each_number_has_its_own() -> None:
    rows = [
        ["Property", "Unit", "MD", "CD"],
        ["Grammage", "g/m²", "80", ""],
        ["Tensile strength", "kN/m", "5.2", "2.4"],
        ["SCT", "kN/m", "", "1.9"],
    ]

    found = values(read(Sheet("Crossed", "Offset").table(Table(rows, [50, 20, 20, 20]))))

    assert found == {
        (80, "grammage", None): "80 g/m²",
        (80, "tensile", "MD"): "5.2 kN/m",
        (80, "tensile", "CD"): "2.4 kN/m",
        (80, "sct", "CD"): "1.9 kN/m",
    }


def test_sheet_when_a_number_stands_under_min_alone_then_is_that_limit() -> None:
    rows = [["Property", "Unit", "Min", "Max"], ["Grammage", "g/m²", "78", "82"], ["Burst", "kPa", "260", ""]]

    reading = read(Sheet("Least", "Offset").table(Table(rows, [50, 20, 20, 20])))

    (burst,) = (one for one in reading.values if one.property == "burst")
    assert (burst.tolerance, burst.minimum, burst.maximum) == ("min", Decimal(260), None)


DOUBTFUL = {
    "head without a unit": ([["Property", "", "300", "350"], ["Thickness", "µm", "480", "560"]], "g/m²"),
    "method of another property": ([["Grammage", "g/m²", "80"], ["Opacity ISO 2470-1", "%", "91"]], "measures"),
    "unit of another property": ([["Grammage", "g/m²", "80"], ["Moisture", "mm", "5"]], "no unit of"),
    "two meanings": ([["Grammage", "g/m²", "80"], ["Whiteness", "%", "98"]], "it may be"),
    "out of range": ([["Grammage", "g/m²", "80"], ["Gloss", "%", "440"]], "unusual"),
    "no direction": ([["Grammage", "g/m²", "80"], ["Tear", "mN", "400"]], "not stated"),
    "a range": ([["Grammage", "g/m²", "80"], ["Gloss", "%", "40 - 50"]], "middle"),
    "no unit": ([["Grammage", "g/m²", "80"], ["Burst", "", "260"]], "no unit is given"),
    "bulk that cannot be": (
        [["Grammage", "g/m²", "80"], ["Thickness", "µm", "104"], ["Bulk", "cm³/g", "1.9"]],
        "do not fit",
    ),
    "several numbers": ([["Grammage", "g/m²", "80"], ["Burst", "kPa", "260", "300"]], "no head"),
    "heads that are ranges": ([["Property", "g/m²", "60-90", "100-140"], ["Burst", "kPa", "260", "300"]], "tells them"),
    "one grammage twice": ([["Grammage", "g/m²", "80", "80"], ["Burst", "kPa", "260", "300"]], "same grammage"),
    "one for all": ([["Grammage", "g/m²", "80", "90", "100"], ["Moisture", "%", "", "5", ""]], "all grammages"),
}


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_value_when_it_cannot_be_sure_then_says_why(doubt: str) -> None:
    rows, why = DOUBTFUL[doubt]
    widths = [50.0, 20.0, 20.0, 20.0, 20.0]

    reading = read(Sheet("Odd", "Offset").table(Table(rows, widths)))

    last = reading.values[-1] if doubt == "head without a unit" else next(
        one for one in reversed(reading.values) if one.property != "grammage"
    )  # fmt: skip
    assert last.confidence < SURE
    assert why in " ".join(last.doubts)


def test_pdf_when_it_cannot_be_read_then_says_what_to_do() -> None:
    long = Sheet("Catalogue")
    for _ in range(PAGES_MAX):
        long.page()
    whole = Sheet("Cut").bytes()
    cases = {b"PK\x03\x04": "not_a_pdf", long.bytes(): "too_many_pages", whole[:60]: "damaged"}

    for content, code in cases.items():
        with pytest.raises(UnreadableSheet) as refused:
            read_pdf(content, today=TODAY)
        assert refused.value.code == code
        assert "Send" in refused.value.message or "send" in refused.value.message


def test_pdf_when_it_is_a_letter_then_has_no_values() -> None:
    reading = read(Sheet("Dear customer").text(15, 50, "The gloss of our offer will convince you, 100 percent."))

    assert (reading.status, reading.values) == ("no_values", ())
    assert "person" in reading.doubts[0]


def test_libraries_of_pdf_when_imported_then_only_inside_the_reader_of_pdf() -> None:
    """They take 40 MB: the worker and the API never need them, the child of the sandbox does."""
    home = Path(__file__).resolve().parents[3]
    found: set[str] = set()
    for path in (one for top in ("services", "shared", "gateway") for one in (home / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.startswith(("pdfplumber", "pdfminer")) for name in names):
                assert isinstance(node, ast.Import | ast.ImportFrom)
                assert node.col_offset > 0, f"{path.name} imports it at its top"
                found.add(path.name)
    assert found == {"pdf.py"}
