"""Ratios that say what they mean: above 1 is better for us."""

import json

import pytest

from bench.table import Report, Row, alone, less_is_better, more_is_better, percentile


def test_ratio_when_we_do_more_or_need_less_then_above_one() -> None:
    assert more_is_better("rate vs celery", 20.0, 10.0, unit="events/s").ratio == 2
    assert less_is_better("time vs celery", 2.0, 10.0, unit="ms").ratio == 5


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100)], ids=str)
def test_percentile_when_of_one_to_a_hundred_then_that_value(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], share) == value


def test_report_when_json_then_one_object_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("bus", as_json=True)
    report.add(Row("a vs b", 3.0, 2.0, "events/s", 1.5), alone("c", 1.0, unit="MiB"))
    report.end()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"case": "a vs b", "ours": 3.0, "other": 2.0, "unit": "events/s", "ratio": 1.5},
        {"case": "c", "ours": 1.0, "other": None, "unit": "MiB", "ratio": None},
    ]
