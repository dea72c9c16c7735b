"""The figures over many mutants."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.mutants.judge import Verdict


@dataclass(frozen=True, slots=True)
class Totals:
    """``values`` = right + asked + wrong. ``held`` mutants wait for a person."""

    mutants: int
    lists: int
    values: int
    right: int
    asked: int
    wrong: int
    held: int
    quiet: int


def totals_of(verdicts: Sequence[Verdict]) -> Totals:
    right, asked = sum(v.right for v in verdicts), sum(v.asked for v in verdicts)
    wrong = sum(len(v.wrong) for v in verdicts)
    return Totals(
        mutants=len(verdicts),
        lists=len({v.name for v in verdicts}),
        values=right + asked + wrong,
        right=right,
        asked=asked,
        wrong=wrong,
        held=sum(1 for v in verdicts if v.held_because),
        quiet=sum(v.quiet for v in verdicts),
    )
