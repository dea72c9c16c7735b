"""What only several rows together can tell: duplicates, totals, slips of a decimal, columns nobody is sure of."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import cast

from services.ingestion.parsing.columns import DIMENSION, SURE, Column, is_reel_length
from services.ingestion.parsing.doubts import could_measure
from services.ingestion.parsing.draft import LABELS, as_json
from services.ingestion.parsing.model import Problem, RowReading
from services.ingestion.parsing.plain import AnyRow, PlainRow, is_lot
from services.ingestion.parsing.scope import Scope
from services.ingestion.parsing.text import normal
from services.ingestion.parsing.units import HeaderUnit
from shared.contracts.types import LotValues


class Repeats:
    """Asked row after row of a file. A lot number may stand once in it; equal rows without a number are two lots."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[int, str | None]] = {}
        self._equal: set[LotValues] = set()

    def judged(self, row: AnyRow) -> AnyRow:
        """The row, with a word about the one that it repeats."""
        reference = row.lot_ref if isinstance(row, PlainRow) else row.values.lot_ref if row.values else None
        if reference is not None:
            here = row.row, row.sheet
            first = self._numbers.setdefault(normal.__wrapped__(reference), here)  # most are seen once
            return row if first is here else _duplicate(row, first)
        values = row.reading().values if isinstance(row, PlainRow) else row.values
        if values is None:
            return row
        if values not in self._equal:
            self._equal.add(values)
            return row
        words = "This row equals one above and has no lot number: it counts as a second lot."
        full = row.reading() if isinstance(row, PlainRow) else row
        problem = Problem("equal_row", words, "warning", row.sheet, row.row)
        return replace(full, problems=(*full.problems, problem))


def _duplicate(repeated: AnyRow, first: tuple[int, str | None]) -> RowReading:
    row = repeated.reading() if isinstance(repeated, PlainRow) else repeated
    assert row.values is not None  # noqa: S101
    number, sheet = first
    where = f"row {number}" + (f' of "{sheet}"' if sheet != row.sheet else "")
    problem = Problem(
        "duplicate_lot_ref",
        f"The lot number {row.values.lot_ref} already stands in {where}; the first one stays.",
        "error",
        row.sheet,
        row.row,
        field="lot_ref",
        raw=row.values.lot_ref,
    )
    return replace(row, values=None, problems=(*row.problems, problem), partial=plain_values(row.values))


def plain_values(values: LotValues) -> dict[str, object]:
    """A lot as JSON knows it, without what it does not say."""
    named = ((name, as_json(getattr(values, name))) for name in LotValues.__dataclass_fields__)
    return {name: value for name, value in named if value not in (None, [])}


def file_warnings(sheets: list[tuple[str | None, list[AnyRow], Decimal | None]]) -> list[Problem]:
    """The stated total against everything that was read, rejected and hidden rows with a weight included."""
    found: list[Problem] = []
    for name, rows, stated in sheets:
        if stated is None or stated <= 0:
            continue
        lots = [r if isinstance(r, PlainRow) else r.values for r in rows if is_lot(r)]
        summed = sum((lot.weight_net_kg for lot in lots if lot is not None), Decimal(0))
        unclear = any(not is_lot(r) and r.kind in ("hidden", "lot") for r in rows if not isinstance(r, PlainRow))
        if not unclear and abs(summed - stated) > stated / 100:
            found.append(
                Problem(
                    "total_differs",
                    f"The lots weigh {summed:,f} kg together, the list says {stated:,f} kg.",
                    "warning",
                    name,
                    field="weight_net_kg",
                )
            )
        elif summed > stated * Decimal("1.01"):
            found.append(
                Problem(
                    "total_differs",
                    f"The lots weigh {summed:,f} kg together, more than the {stated:,f} kg the list says.",
                    "warning",
                    name,
                    field="weight_net_kg",
                )
            )
    return found


def open_columns(sheet: str | None, columns: list[Column], scope: Scope, rows: list[AnyRow]) -> list[Problem]:
    """Every question about the columns that a person must answer before the list may be taken as it is."""
    found: list[Problem] = []
    named = scope.columns
    for need, by in (
        ("gsm", ("gsm",)),
        ("width_mm", ("width_mm", "format", "sheet_l_mm")),
        ("weight_net_kg", ("weight_net_kg", "avg_reel_weight_kg")),
    ):
        if not any(f in named for f in by) and not (need != "weight_net_kg" and any(is_lot(r) for r in rows)):
            found.append(
                Problem("column_missing", f"No column for the {LABELS[need]} was found.", "error", sheet, field=need)
            )
    if "grade_raw" not in named and "product_name" not in named and scope.section_grade is None:
        found.append(
            Problem("column_missing", "No column for the grade was found.", "error", sheet, field="grade_code")
        )
    for column in columns:
        if column.field is not None and column.confidence < SURE:
            label = LABELS.get(column.field, column.field.replace("_raw", "").replace("_", " "))
            found.append(
                Problem(
                    "column_unsure",
                    f'Is "{column.header.text}" the {label}?',
                    "error",
                    sheet,
                    column=column.header.text,
                    field=column.field,
                )
            )
        twice = [f for f, score in column.others if f in named and f in DIMENSION and score >= SURE]
        if column.field is None and not twice and _may_matter(column, named):
            found.append(
                Problem(
                    "column_unread",
                    f'What is "{column.header.text or f"column {column.index + 1}"}"? It may say something about the '
                    "lots, but is not read.",
                    "error",
                    sheet,
                    column=column.header.text,
                )
            )
        if column.field is None and twice and column.cells and not _says_nothing(column):
            found.append(
                Problem(
                    "column_twice",
                    f'"{column.header.text}" and "{named[twice[0]].header.text}" both look like the '
                    f"{LABELS.get(twice[0], twice[0])}. Which one counts?",
                    "error",
                    sheet,
                    column=column.header.text,
                    field=twice[0],
                )
            )
    for name, plan in scope.plans.items():
        if plan.open_question:
            found.append(
                Problem("unit_unknown", plan.open_question, "error", sheet, column=named[name].header.text, field=name)
            )
    found.extend(_open_values(sheet, scope))
    return found


def _says_nothing(column: Column) -> bool:
    """A column whose words are known to be of no use to a buyer."""
    scores = column.header.fields
    if column.says_unit:
        return True
    if max(scores, key=lambda f: scores[f], default="") == "sheet_l_mm" and is_reel_length(column):
        return True
    return scores.get("other", 0.0) >= max((s for f, s in scores.items() if f != "other"), default=0.5)


def _may_matter(column: Column, named: dict[str, Column]) -> bool:
    """Whether a column nobody understood could hold something a buyer must know."""
    if column.remembered or not column.cells or _says_nothing(column):
        return False
    unit = column.header.unit.dimension if column.header.unit else None
    if unit in ("weight", "gsm", "price"):
        return True
    meant = [f for f, score in column.header.fields.items() if score >= SURE]
    if len(column.cells) < 2:
        return any(f not in named for f in meant)
    # Words nobody taught us may mean anything; words that are known are asked about where the cells contradict them.
    return not meant or any(f not in named for f in meant) or could_measure(column, set(named))


def _open_values(sheet: str | None, scope: Scope) -> Iterator[Problem]:
    price = scope.columns.get("price")
    if price is not None and price.cells and not _priced_in_cells(scope):
        unit = scope.price
        if unit is None or not unit.unit or unit.unit == "ton?":
            yield Problem(
                "price_unit_unknown",
                f'Is "{price.header.text}" per tonne, per kg or per something else?',
                "error",
                sheet,
                column=price.header.text,
                field="price_unit",
            )
        elif (
            unit.currency is None
            and (scope.mill.currency is None or scope.money_unclear)
            and "currency" not in scope.columns
        ):
            yield Problem(
                "currency_unknown",
                f'In which currency is "{price.header.text}"?',
                "error",
                sheet,
                column=price.header.text,
                field="currency",
            )
    for name, order in scope.orders.items():
        if order is None and scope.columns[name].texts and name != "production_date":
            yield Problem(
                "date_order_unknown",
                f'Is the day or the month first in "{scope.columns[name].header.text}"?',
                "error",
                sheet,
                field=name,
            )


def _priced_in_cells(scope: Scope) -> bool:
    """Whether every price cell says its own currency and unit."""
    readings = scope.caches.get("price", {})
    priced = [cast(tuple[Decimal, HeaderUnit | None], v) for v, _ in readings.values() if isinstance(v, tuple)]
    units = [unit for _, unit in priced]
    return bool(units) and all(u is not None and u.unit not in ("", "ton?") and bool(u.currency) for u in units)
