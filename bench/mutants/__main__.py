"""Reads mutants of known lists and tells how often the reader is right, asks, or is wrong and sure of it.

bin/offcut-mutants --count 1000
bin/offcut-mutants --samples FOLDER --count 2000 --json
bin/offcut-mutants --only saar --seed 17 --show
"""

import json
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.mutants.corpus import books, file_of
from bench.mutants.judge import FAMILIES, Verdict, judge, mutant_of
from bench.mutants.totals import Totals, totals_of

ROOT = Path(__file__).parents[2]


def main(
    count: Annotated[int, typer.Option(min=1, help="how many mutants over all lists")] = 1000,
    samples: Annotated[
        Path | None,
        typer.Option(help="one more folder of lists with their meaning; OFFCUT_SAMPLES does the same", exists=True),
    ] = None,
    only: Annotated[str, typer.Option(help="only lists whose name contains this")] = "",
    start: Annotated[int, typer.Option(help="the first seed; the same seeds give the same mutants")] = 0,
    seed: Annotated[int | None, typer.Option(help="one mutant per list, made from this seed")] = None,
    save: Annotated[Path | None, typer.Option(help="with --seed: write the mutants into this folder")] = None,
    wrong: Annotated[int, typer.Option(help="how many wrong values to show", min=0)] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, for a program")] = False,
) -> None:
    """Tell how often the reader is right, asks, or is wrong and sure of it. Ends with 1 above one in 10,000."""
    console = Console(highlight=False)
    more = samples or (Path(os.environ["OFFCUT_SAMPLES"]) if os.environ.get("OFFCUT_SAMPLES") else None)
    known = [b for b in books([ROOT / "samples", *([more] if more else [])]) if only in b.name]
    if not known:
        raise typer.BadParameter(f"no list is called {only}", param_hint="--only")
    seeds = [seed] if seed is not None else range(start, start + -(-count // len(known)))
    verdicts: list[Verdict] = []
    for each in seeds:
        for book in known:
            verdicts.append(judge(book, each))
            if save is not None:
                mutant, _, _ = mutant_of(book, each)
                (save / f"{book.name}-{each}.{mutant.kind}").write_bytes(file_of(mutant))
    totals = totals_of(verdicts)
    if as_json:
        typer.echo(json.dumps({**asdict(totals), "values_wrong": [_wrong(v) for v in verdicts if v.wrong]}))
    else:
        show(console, totals, verdicts, most=wrong)
    raise typer.Exit(0 if totals.wrong * 10_000 <= totals.values else 1)


def show(console: Console, totals: Totals, verdicts: list[Verdict], *, most: int) -> None:
    table = Table(
        "", "values", "share", title=f"{totals.mutants} mutants of {totals.lists} lists", title_justify="left"
    )
    for name, number in (
        ("right", totals.right), ("asked for", totals.asked), ("wrong but confident", totals.wrong),
    ):  # fmt: skip
        table.add_row(name, f"{number:,}", f"{number / max(totals.values, 1):.4%}")
    console.print(table)
    console.print(
        f"{totals.held} mutants wait for a person, {totals.quiet:,} wrong values among theirs are not pointed at"
    )
    by = Table("kind of change", "mutants", "held", "right", "asked", "wrong", box=None)
    for family in FAMILIES:
        part = totals_of([v for v in verdicts if family in v.families])
        by.add_row(family, str(part.mutants), str(part.held), f"{part.right:,}", f"{part.asked:,}", str(part.wrong))
    console.print(by)
    reasons = Counter(code for v in verdicts for code in set(v.held_because))
    console.print("asked because: " + ", ".join(f"{code} {n}" for code, n in reasons.most_common(12)))
    shown = 0
    for verdict in verdicts:
        for value in verdict.wrong[:3]:
            if shown < most:
                where = f"{verdict.name} seed {verdict.seed} ({'; '.join(verdict.changes)})"
                more = f" and {len(verdict.wrong) - 3} more" if len(verdict.wrong) > 3 else ""
                console.print(
                    escape(f"{where}: row {value.row} {value.field} is {value.got}, meant {value.meant}{more}"),
                    style="red",
                )
                shown += 1


def _wrong(verdict: Verdict) -> dict[str, object]:
    return {
        "list": verdict.name,
        "seed": verdict.seed,
        "changes": verdict.changes,
        "wrong": [asdict(w) for w in verdict.wrong],
    }


if __name__ == "__main__":
    typer.run(main)
