"""What docs/reliability.md claims is tested, and the points at which processes die are all there and all tried."""

import random
import re
from pathlib import Path

import pytest

from shared.faults import Point, Remedy, Step
from tests.chaos import test_machine
from tests.chaos.campaign import SEATS, WHERE, plan
from tests.chaos.rig import POINTS, signal_of
from tests.chaos.tally import KINDS
from tests.integration.ingestion.test_kills import ON_THE_WAY_IN, ON_THE_WAY_OUT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text("utf-8")


def test_tests_when_the_page_names_them_then_there_are_such() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE))
    assert len(named) >= 25
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text()]
    assert missing == []


def test_points_and_remedies_when_there_is_one_then_the_page_explains_it() -> None:
    assert [point for point in POINTS if f"| `{point}` |" not in PAGE] == []
    assert [remedy for remedy in Remedy if f"| `{remedy}` |" not in PAGE] == []


@pytest.mark.parametrize("point", Point)
def test_point_when_there_is_one_then_the_product_passes_it_and_both_ways_of_testing_die_there(point: Point) -> None:
    sources = [path.read_text() for path in (ROOT / "shared").rglob("*.py")]
    assert sum(f"reached(Point.{point.name})" in source for source in sources) == 1
    assert point in test_machine.DEADLY
    assert set(WHERE[point]) <= set(SEATS)


@pytest.mark.parametrize("step", Step)
def test_step_of_a_mail_when_there_is_one_then_the_product_passes_it_and_its_workers_are_killed_there(
    step: Step,
) -> None:
    rooms = ("shared", "services/ingestion", "services/newsletter")
    sources = [path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert sum(source.count(f"reached(Step.{step.name})") for source in sources) == 1
    assert [*ON_THE_WAY_IN, *ON_THE_WAY_OUT].count(step) == 1


def test_plan_when_the_run_is_long_then_each_point_and_each_kind_has_twenty_kills() -> None:
    steps = plan(kills=200, wipes=10, chance=random.Random(1))
    assert min(steps.count(("point", point)) for point in POINTS) >= 20
    assert min(steps.count(("kill", kind)) for kind in KINDS) >= 20
    assert len([what for what, _ in steps if what == "wipe"]) == 10
    assert set(WHERE) == set(POINTS)


def test_signals_when_they_arm_points_then_differ() -> None:
    assert len({signal_of(point) for point in (*POINTS, None)}) == len(POINTS) + 1
