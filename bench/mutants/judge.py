"""Was a mutant read right, asked about, or guessed?

Confident is what a trusted mill's list would sell without a person: no question about the list, no error on the row.
The guards that compare with earlier lists or count rejected rows would hold more; they are left out on purpose.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from random import Random
from typing import cast

from bench.mutants import converting, damaging, renaming, shaping
from bench.mutants.corpus import COMPARED, JSON, TODAY, Book, Page, file_of
from services.ingestion.parsing import RowReading, UnreadableFile, read_list

FAMILIES = {
    "header": renaming.MUTATIONS,
    "numbers": converting.MUTATIONS,
    "shape": shaping.MUTATIONS,
    "damage": damaging.MUTATIONS,
}
MOST_CHANGES = 3
_DEFAULTS = {"quality_class": "B"}  # what the reader says where a list says nothing
_CLOSE = {"gsm": 0.16, "width_mm": 1.0, "sheet_w_mm": 1.0, "sheet_l_mm": 1.0, "diameter_mm": 1.6, "core_mm": 1.0}
_RELATIVE = {"weight_net_kg": 0.002, "price": 0.002, "price_per_t": 0.008}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One value that would be listed though it is not what the mill says."""

    sheet: str | None
    row: int
    field: str
    got: str
    meant: str


@dataclass(slots=True)
class Verdict:
    """``asked`` counts values a person is asked about: the whole list is held, or the row is rejected.

    ``quiet`` are wrong values in a list that is held for another reason, on a row nobody points at.
    """

    name: str
    seed: int
    changes: list[str]
    families: list[str]
    right: int = 0
    asked: int = 0
    wrong: list[Wrong] = field(default_factory=list[Wrong])
    quiet: int = 0
    held_because: list[str] = field(default_factory=list[str])


def mutant_of(original: Book, seed: int) -> tuple[Book, list[str], list[str]]:
    """The same seed gives the same mutant."""
    rng = Random(f"{original.name} {seed}")  # noqa: S311 - chosen by seed, not secret
    book, changes, families = original.copy(), list[str](), list[str]()
    for _ in range(rng.choice((1, 1, 2, MOST_CHANGES))):
        for _ in range(8):
            family = rng.choice(list(FAMILIES))
            pages = [p for p in book.pages if p.has_list and not p.grid.hidden]
            told = rng.choice(FAMILIES[family])(book, rng.choice(pages), rng)
            if told is not None:
                changes.append(told)
                families.append(family)
                break
    for page in book.pages:
        page.repeat_header()
    return book, changes, families


def judge(original: Book, seed: int) -> Verdict:
    book, changes, families = mutant_of(original, seed)
    verdict = Verdict(book.name, seed, changes, families)
    try:
        reading = read_list(file_of(book), file_name=book.file_name, mill=book.mill, today=TODAY)
    except UnreadableFile as refused:
        verdict.held_because.append(refused.code)
        verdict.asked = sum(_stated(lot) for page in book.pages for lot in page.lots if lot)
        return verdict
    verdict.held_because = [p.code for p in reading.review_reasons]
    for number, page in enumerate(book.pages):
        name = page.grid.name if page.grid.name is not None or book.kind in ("csv", "html") else f"Sheet{number + 1}"
        _judge_page(verdict, book, page, {r.row - 1: r for r in reading.rows if r.sheet == name})
    return verdict


def _judge_page(verdict: Verdict, book: Book, page: Page, rows: dict[int, RowReading]) -> None:
    held = bool(verdict.held_because)
    for at, lot in enumerate(page.lots):
        row = rows.get(at)
        if at in page.open:
            continue
        if lot is None:
            if row is not None and row.values is not None and not _is_first(row, rows):
                _count(verdict, held, Wrong(row.sheet, at + 1, "lot", str(row.values.lot_ref), "no lot"))
            continue
        if row is not None and row.kind == "lot" and row.values is None:
            verdict.asked += _stated(lot)
        elif row is None or row.values is None:
            if at not in page.grid.hidden_rows:
                _count(verdict, held, Wrong(None, at + 1, "lot", row.kind if row else "nothing", str(lot["lot_ref"])))
        else:
            _judge_lot(verdict, book, lot, row, held=held)


def _is_first(row: RowReading, rows: dict[int, RowReading]) -> bool:
    """A row written twice counts once: as the second where the first was damaged."""
    ref = row.values.lot_ref if row.values else None
    others = [r for r in rows.values() if r.kind == "lot" and r.values is None and r.row < row.row]
    return ref is not None and any(r.partial.get("lot_ref") == ref for r in others)


def _judge_lot(verdict: Verdict, book: Book, lot: JSON, row: RowReading, *, held: bool) -> None:
    pointed = {p.field for p in row.problems}
    for name in COMPARED:
        got, meant = _plain(getattr(row.values, name)), lot.get(name)
        if name in book.forgiven and (got in (None, []) or got == _DEFAULTS.get(name) or name == "location_country"):
            continue
        if name == "product_name" and got in (None, row.values.grade_raw if row.values else None):
            continue  # whether a header also says the name of the product is a matter of its words
        if _same(name, got, meant):
            if meant not in (None, []):
                if held:
                    verdict.asked += 1
                else:
                    verdict.right += 1
        elif name in row.defaulted and meant is None:
            continue
        elif held and name in pointed:
            verdict.asked += 1
        else:
            _count(verdict, held, Wrong(row.sheet, row.row, name, str(got), str(meant)))


def _count(verdict: Verdict, held: bool, wrong: Wrong) -> None:
    if held:
        verdict.asked += 1
        verdict.quiet += 1
    else:
        verdict.wrong.append(wrong)


def _stated(lot: JSON) -> int:
    return sum(1 for name in COMPARED if lot.get(name) not in (None, []))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return sorted(str(v) for v in cast(tuple[object, ...], value))
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _same(name: str, got: object, meant: object) -> bool:
    if isinstance(got, list):
        return got == sorted(cast(list[str], meant or []))
    if isinstance(got, float | int) and isinstance(meant, float | int) and not isinstance(got, bool):
        limit = _CLOSE.get(name, abs(meant) * _RELATIVE.get(name, 0.0) + 0.0051)
        return abs(got - meant) <= limit
    return got == meant
