"""The same truth in many layouts and languages reads back as itself; and what is damaged is never sure and wrong."""

from datetime import date
from decimal import Decimal

import pytest

from services.ingestion.datasheets.pdf import read_pdf
from tests.support.datasheet_layouts import DAMAGES, LAYOUTS, Drawn, draw

TODAY = date(2026, 11, 21)
SURE = 0.9
SHEETS_OF_A_LAYOUT = 4


def verdicts(drawn: Drawn) -> list[str]:
    """What is not right: values that are missing, asked for, wrong, or of nobody."""
    found = {(one.gsm, one.property, one.direction): one for one in read_pdf(drawn.content, today=TODAY).values}
    wrong: list[str] = []
    for key, meant in drawn.meant.items():
        value = found.pop(key, None)
        if value is None:
            wrong.append(f"missing {key}")
        elif value.value != meant:
            wrong.append(f"wrong {key}: {value.value} instead of {meant}, {value.confidence}")
        elif value.confidence < SURE:
            wrong.append(f"asked {key}: {value.doubts}")
    return wrong + [f"invented {key}" for key in found]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sheet_when_drawn_in_any_layout_then_reads_back_as_itself(layout: str) -> None:
    first = LAYOUTS.index(layout)
    for number in range(SHEETS_OF_A_LAYOUT):
        drawn = draw(first + number * len(LAYOUTS))
        assert drawn.layout == layout
        assert verdicts(drawn) == [], f"seed {first + number * len(LAYOUTS)}"


@pytest.mark.parametrize("damage", DAMAGES)
def test_sheet_when_one_of_its_rows_is_damaged_then_nothing_is_wrong_and_sure(damage: str) -> None:
    first = 100 * list(DAMAGES).index(damage)
    right = 0
    for seed in range(first, first + len(LAYOUTS)):
        drawn = draw(seed, damage)
        found = {(one.gsm, one.property, one.direction): one for one in read_pdf(drawn.content, today=TODAY).values}
        for key, meant in drawn.meant.items():
            value = found.get(key)
            if value is not None and value.confidence >= SURE:
                assert value.value == meant, f"seed {seed}, {key}: {value.snippet}"
                right += 1
    assert right > 100


def test_generator_when_its_truth_is_changed_then_the_check_notices() -> None:
    drawn = draw(0)
    key = next(one for one in drawn.meant if one[1] != "grammage")
    changed = Drawn(drawn.content, {**drawn.meant, key: drawn.meant[key] + Decimal(1)}, drawn.layout)
    assert len(verdicts(changed)) == 1
