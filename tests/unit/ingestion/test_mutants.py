"""Our own lists, changed in every way that happens: what the reader is sure of is right.

``bin/offcut-mutants --samples FOLDER`` does the same with thousands of mutants of any lists whose meaning is known.
"""

import os
from pathlib import Path

from bench.mutants.corpus import books
from bench.mutants.judge import judge
from bench.mutants.totals import totals_of
from tests.support.lists import ROOT

MUTANTS = int(os.environ.get("OFFCUT_MUTANTS", "400"))
SHARED = Path(os.environ.get("OFFCUT_SAMPLES", ROOT.parent / "shared" / "samples"))


def test_lists_when_changed_at_random_then_hardly_a_value_is_wrong_without_a_question() -> None:
    known = books([ROOT / "samples", *([SHARED] if SHARED.is_dir() else [])])

    totals = totals_of([judge(book, seed) for seed in range(-(-MUTANTS // len(known))) for book in known])

    assert totals.wrong * 10_000 <= totals.values, totals
    assert totals.right >= 0.5 * totals.values, totals  # asking about everything is no reading
