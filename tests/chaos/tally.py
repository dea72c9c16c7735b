"""What was done to the system, and what came of it: the table at the end of a run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tests.chaos.load import Ledger
from tests.chaos.rig import POINTS
from tests.chaos.workers import Verdict

KINDS = ("worker", "relay", "reader", "api")


@dataclass(slots=True)
class Tally:
    """Only deaths with work in hand and wipes of unread entries are counted; ``idle`` moments were passed over."""

    by_kind: Counter[str] = field(default_factory=Counter[str])
    by_point: Counter[str] = field(default_factory=Counter[str])
    wipes: Counter[str] = field(default_factory=Counter[str])
    others: Counter[str] = field(default_factory=Counter[str])
    idle: int = 0

    @property
    def kills(self) -> int:
        return self.by_kind.total()

    def died(self, kind: str, point: str | None = None) -> None:
        self.by_kind[kind] += 1
        if point is not None:
            self.by_point[point] += 1

    def table(self, title: str, ledger: Ledger, verdicts: Mapping[str, Verdict]) -> str:
        table = Table(title=title, title_justify="left", show_header=False, highlight=False)
        table.add_row("kills with work in hand", str(self.kills))
        for kind in KINDS:
            table.add_row(f"  {kind}", str(self.by_kind[kind]))
        table.add_row("of these at a named point", str(self.by_point.total()))
        for point in POINTS:
            table.add_row(f"  {point}", str(self.by_point[point]))
        table.add_row("wipes with unread entries", _each(self.wipes))
        table.add_row("besides", _each(self.others))
        table.add_row("answers to requests", _each(ledger.answers))
        table.add_row("intents acknowledged", str(len(ledger.intents)), end_section=True)
        for service, verdict in verdicts.items():
            table.add_row(
                f"effects in {service}",
                f"lost {verdict.lost}  doubled {verdict.doubled}  phantom {verdict.phantom}"
                f"  inversions {verdict.inversions}",
            )
        console = Console(width=150, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(table)
        return captured.get()


def _each(counted: Counter[str]) -> str:
    named = ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
    return f"{counted.total()}" + (f" ({named})" if named else "")
