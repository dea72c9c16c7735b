"""What a person taught the reader about a list, and what we wrote into it ourselves."""

import pytest

from services.ingestion.parsing import ListReading, MillContext, RowReading, read_list
from tests.support.lists import TODAY

HEADER = "Lot\tGrade\tgsm\tWidth mm\tWeight kg"


def read(text: str, profile: dict[str, object] | None = None) -> ListReading:
    mill = MillContext("DE", "de", "EUR", profile)
    return read_list(text.encode(), file_name="list.csv", mill=mill, today=TODAY)


def lot(reading: ListReading) -> RowReading:
    (row,) = [row for row in reading.rows if row.kind == "lot"]
    return row


def test_note_of_ours_when_it_stands_in_a_list_then_means_nothing() -> None:
    """A list that we gave back with the reason beside each row is read as if the reasons were not there."""
    plain = read(f"{HEADER}\nA-1\tTestliner 2\t120\t1500\t5700\n")
    noted = read(
        "Lot\tGrade\tgsm\tOffcut: why not listed\tWidth mm\tWeight kg\nA-1\tTestliner 2\t120\tKraftliner?\t1500\t5700\n"
    )
    assert noted.header_fingerprint == plain.header_fingerprint
    assert lot(noted).source_values == lot(plain).source_values
    assert lot(plain).values is not None
    assert lot(noted).values == lot(plain).values


@pytest.mark.parametrize(("mark", "weight"), [(".", "4.2"), (",", "4200")])
def test_decimal_mark_when_a_person_confirmed_it_then_is_not_guessed(mark: str, weight: str) -> None:
    row = lot(read(f"{HEADER}\nA-1\tTestliner 2\t120\t1500\t4.200\n", {"decimal": mark}))
    found = row.values.weight_net_kg if row.values else row.partial["weight_net_kg"]
    assert float(str(found)) == float(weight)


def test_column_when_a_person_said_it_means_nothing_then_is_left_out() -> None:
    reading = read(f"{HEADER}\nA-1\tTestliner 2\t120\t1500\t5700\n", {"columns": {"lot": {"field": None}}})
    assert reading.columns[0].field is None
    values = lot(reading).values
    assert values is not None
    assert values.lot_ref is None


def test_word_when_a_mill_means_something_else_by_it_then_the_mill_is_believed() -> None:
    values = lot(read(f"{HEADER}\nA-1\tTestliner 2\t120\t1500\t5700\n", {"grades": {"testliner 2": "TL_3"}})).values
    assert values is not None
    assert values.grade_code == "TL_3"
