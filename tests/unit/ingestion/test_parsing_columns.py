"""Lists of a few lines, each with one difficulty: what is sure is read, what is not ends with a person."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from services.ingestion.parsing import ListReading, MillContext, RowReading, read_list
from services.ingestion.parsing.answers import fingerprint
from services.ingestion.parsing.headers import read_header
from tests.support.lists import TODAY


def read(
    text: str, *, country: str = "DE", language: str = "de", profile: Mapping[str, object] | None = None
) -> ListReading:
    mill = MillContext(country, language, "EUR", profile)
    return read_list(text.encode(), file_name="list.csv", mill=mill, today=TODAY)


def fields(reading: ListReading) -> dict[str, str | None]:
    return {c.header: c.field for c in reading.columns}


def codes(reading: ListReading) -> list[str]:
    return [p.code for p in reading.review_reasons]


def only_lot(reading: ListReading) -> RowReading:
    (row,) = [r for r in reading.rows if r.kind == "lot"]
    return row


LOT = "Lot;Grade;gsm;Width mm;Weight kg"


def test_quality_when_the_cells_are_classes_then_the_class_when_grades_then_the_grade() -> None:
    classes = read("Los;Sorte;g/m²;Breite mm;Gewicht kg;Qualität\n1;LWC;60;1000;2000;II. Wahl\n")
    names = read("Los;Klasse;g/m²;Breite mm;Gewicht kg;Qualität\n1;II. Wahl;60;1000;2000;LWC\n")

    assert (fields(classes)["Qualität"], fields(names)["Qualität"]) == ("quality_class", "grade_raw")


def test_grade_header_when_its_cells_are_classes_then_the_product_names_the_grade() -> None:
    reading = read("Item,Product,gsm,Width mm,Net kg,Grade\n1,Newsprint,45,1000,2000,Seconds\n", language="en")
    values = only_lot(reading).values

    assert values is not None
    assert (values.grade_code, values.product_name, values.quality_class) == ("NEWS", "Newsprint", "B")


def test_header_when_misspelled_then_proposed_never_taken() -> None:
    reading = read("Lot nmber;Grde;Grammge;Wdth mm;Wieght kg\n1;LWC;60;1000;2000\n")

    assert set(fields(reading).values()) == {"lot_ref", "grade_raw", "gsm", "width_mm", "weight_net_kg"}
    assert set(codes(reading)) == {"column_unsure"}


def test_width_when_no_unit_and_no_magnitude_tells_then_asked() -> None:
    reading = read("Lot;Grade;gsm;Width;Weight kg\n1;LWC;60;250;2000\n2;LWC;60;180;2000\n")

    assert codes(reading) == ["unit_unknown"]
    assert all(r.values is None for r in reading.rows)


@pytest.mark.parametrize(
    ("header", "cells", "width"),
    [("Width", "1250", 1250), ("Width", "88,5", 885), ("Width", "125.6 CM", 1256), ("Width (in)", "49 1/8", 1248)],
)
def test_width_when_header_cell_or_magnitude_tells_then_in_mm(header: str, cells: str, width: int) -> None:
    values = only_lot(read(f"Lot;Grade;gsm;{header};Weight kg\n1;LWC;60;{cells};2000\n")).values

    assert values is not None
    assert values.width_mm == width


def test_weight_when_given_twice_then_metric_counts_and_a_difference_is_told() -> None:
    row = only_lot(read(f"{LOT};Weight lb\n1;LWC;60;1000;2000;5000\n"))

    assert row.values is not None
    assert row.values.weight_net_kg == 2000
    assert [p.code for p in row.problems] == ["units_disagree"]


def test_weight_when_two_columns_claim_it_then_asked() -> None:
    assert "column_twice" in codes(read(f"{LOT};Net weight kg\n1;LWC;60;1000;2000;1900\n"))


def test_weight_when_only_per_reel_then_multiplied() -> None:
    values = only_lot(read("Lot;Grade;gsm;Width mm;Reels;kg/reel\n1;LWC;60;1000;3;700\n")).values

    assert values is not None
    assert values.weight_net_kg == 2100


def test_price_when_its_unit_is_nowhere_then_asked() -> None:
    assert "price_unit_unknown" in codes(read(f"{LOT};Price\n1;LWC;60;1000;2000;600\n"))


def test_price_when_the_title_tells_the_unit_then_taken() -> None:
    values = only_lot(read(f"Preise EUR/t ab Werk;;;;\n{LOT};Preis\n1;LWC;60;1000;2000;600\n")).values

    assert values is not None
    assert (values.price, values.currency, values.price_per_t) == (600, "EUR", 600)


def test_ton_when_the_mill_is_american_then_asked_elsewhere_the_tonne() -> None:
    text = "Lot;Grade;g/m2;Width mm;Tons\n1;LWC;60;1000;2.5\n"

    assert "unit_unknown" in codes(read(text, country="US", language="en"))
    assert only_lot(read(text)).values is not None


def test_price_when_one_slipped_by_ten_then_a_person_looks() -> None:
    rows = "".join(f"{n};LWC;60;1000;2000;{price}\n" for n, price in enumerate((600, 610, 605, 6050, 595)))

    assert codes(read(f"{LOT};EUR/t\n{rows}")) == ["price_slip"]


def test_units_when_weight_and_size_contradict_then_a_person_looks() -> None:
    rows = "".join(f"{n};LWC;60;1000;1200;76;2;16000\n" for n in range(4))

    assert "units_doubtful" in codes(read(f"Lot;Grade;gsm;Width mm;Dia mm;Core mm;Reels;Weight kg\n{rows}"))


def test_sections_when_they_name_the_grade_then_it_holds_below() -> None:
    head = "Los;Bezeichnung;g/m²;Breite mm;Gewicht kg\n"
    reading = read(f"{head}Testliner 2;;;;\n1;Brand X;120;1000;2000\nKraft;;;;\n2;Brand Y;120;1000;2000\n")

    assert [r.kind for r in reading.rows] == ["header", "section", "lot", "section", "lot"]
    assert [r.values.grade_code for r in reading.rows if r.values] == ["TL_2"]
    assert [p.code for p in reading.rows[4].problems] == ["ambiguous_grade"]


def test_product_when_it_contradicts_its_section_then_rejected() -> None:
    row = only_lot(
        read("Los;Bezeichnung;g/m²;Breite mm;Gewicht kg\nTestliner 2;;;;\n1;Kraftliner braun;120;1000;2000\n")
    )

    assert [p.code for p in row.problems] == ["conflict"]


def test_lot_number_when_twice_then_the_first_stays() -> None:
    reading = read(f"{LOT}\n1;LWC;60;1000;2000\n1;LWC;60;1000;2000\n;LWC;57;1000;2000\n;LWC;57;1000;2000\n")

    assert [r.values is not None for r in reading.rows[1:]] == [True, False, True, True]
    assert [[p.code for p in r.problems] for r in reading.rows[1:]] == [[], ["duplicate_lot_ref"], [], ["equal_row"]]


def test_rejected_row_when_one_cell_is_wrong_then_the_others_are_kept_for_repair() -> None:
    row = only_lot(read(f"{LOT}\n7;LWC;tbd;1000;2000\n"))

    assert row.partial == {
        "lot_ref": "7",
        "grade_raw": "LWC",
        "grade_code": "LWC",
        "form": "reel",
        "width_mm": 1000,
        "weight_net_kg": "2000.0",
        "quality_class": "B",
        "location_country": "DE",
    }


@pytest.mark.parametrize("status", ["VENDU", "verkauft", "Sold", "reserviert"])
def test_row_when_marked_sold_then_not_listed(status: str) -> None:
    assert [p.code for p in only_lot(read(f"{LOT};Remarks\n1;LWC;60;1000;2000;{status}\n")).problems] == ["sold"]


def test_profile_when_a_person_taught_it_then_it_decides() -> None:
    profile = {
        "columns": {"Wert A": {"field": "width_mm", "unit": "cm"}},
        "grades": {"LINER XP": "TL_3"},
        "classes": {"gut": "A"},
    }
    text = "Lot;Sorte;g/m²;Wert A;Gewicht kg;Klasse\n1;LINER XP;120;180;2000;gut\n"
    values = only_lot(read(text, profile=profile)).values

    assert values is not None
    assert (values.grade_code, values.width_mm, values.quality_class) == ("TL_3", 1800, "A")
    assert only_lot(read(text)).values is None


def test_total_when_it_differs_from_the_lots_then_told() -> None:
    reading = read(f"{LOT}\n1;LWC;60;1000;2000\nTotal;;;;5000\n")

    assert (reading.stated_total_kg, [p.code for p in reading.warnings]) == (Decimal(5000), ["total_differs"])


def test_fingerprint_when_columns_change_places_then_the_same() -> None:
    one, two = [read_header("Breite mm"), read_header("Los")], [read_header("Los"), read_header("Breite  mm")]

    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(one) != fingerprint([*two, read_header("Preis")])


@pytest.mark.parametrize("prices", [("1,050", "1,120"), ("1.050", "1.120"), ("1050", "1120"), ("1 050", "1 120")])
def test_price_when_its_marks_can_mean_two_things_then_what_paper_costs_decides(prices: tuple[str, str]) -> None:
    rows = "".join(f"{n};LWC;60;1000;2000;{price}\n" for n, price in enumerate(prices))
    reading = read(f"{LOT};EUR/t\n{rows}")

    assert [r.values.price for r in reading.rows if r.values] == [1050, 1120]


def test_header_when_repeated_in_other_words_further_down_then_no_lot_is_lost() -> None:
    other = "Los;Sorte;Grammatur g/m²;Rollenbreite mm;Nettogewicht kg"
    reading = read(f"Ref;Type;Force;Laize mm;Poids kg\n1;LWC;60;1000;2000\n{other}\n2;LWC;57;1000;2000\n")

    assert [r.row for r in reading.rows if r.values] == [2, 4]
