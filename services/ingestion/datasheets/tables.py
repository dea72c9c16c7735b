"""Tables with a property per row: whose numbers belong to which grammage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import Figure, Row
from services.ingestion.datasheets.drafts import Draft, property_of
from services.ingestion.datasheets.model import SheetTolerance
from services.ingestion.datasheets.wrapped import is_property, joined, name_of

GSM_LEAST, GSM_MOST = Decimal(8), Decimal(1600)
_LIMITS = ("minimum", "value", "maximum")


@dataclass(frozen=True, slots=True)
class Column:
    """Numbers at ``x`` are of paper of ``gsm``."""

    gsm: Decimal
    x: float


@dataclass(frozen=True, slots=True)
class Found:
    drafts: tuple[Draft, ...]
    tolerances: tuple[SheetTolerance, ...]


class _Block:
    """One table on its way: its head, the heading above it, its rows."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.said_gsm = False
        self.heading: list[Decimal] = []
        self.roles: list[tuple[str, float]] = []
        self.rows: list[Row] = []
        self.page = 1

    @property
    def empty(self) -> bool:
        return not self.rows


def read_tables(rows: Sequence[Row]) -> Found:
    """Values and stated tolerances of one column of text."""
    drafts: list[Draft] = []
    tolerances: list[SheetTolerance] = []
    block = _Block()
    context: Row | None = None
    for row in joined(rows):
        context = _context(row, context)
        direction = vocabulary.is_direction(row.label)
        if direction and row.figures and context is not None:
            row = replace(row, label=f"{context.label} {row.label}", standard=row.standard or context.standard,
                          unit=row.unit or context.unit)  # fmt: skip
        if is_property(row) and (row.figures or row.tolerances):
            if row.figures:
                block.rows.append(row)
            elif len(row.line.cells) > 1:
                tolerances += _stated(row)
            continue
        fresh = _new_block(row)
        if fresh is not None:
            if not block.empty:
                drafts += _values(block)
            elif fresh.columns and not fresh.heading:
                fresh.heading = block.heading
            block = fresh
    drafts += _values(block)
    return Found(tuple(drafts), tuple(tolerances))


def _context(row: Row, context: Row | None) -> Row | None:
    """The row whose property a line that says only "CD" goes on with."""
    if vocabulary.is_direction(row.label):
        return context
    return row if vocabulary.starts_with_property(row.label) else None


def _stated(row: Row) -> list[SheetTolerance]:
    name = property_of(row.label, standard=row.standard)
    return [SheetTolerance(name, row.tolerances[0].text, row.line.page)] if name else []


def _new_block(row: Row) -> _Block | None:
    """The table that a head or a heading begins; ``None`` for any other line."""
    roles = [(role, cell.middle) for cell in row.line.cells if (role := _role_of(cell.text))]
    plain = [one for one in row.figures if one.value is not None and not one.between]  # "60-90" is no grammage
    figures = [one for one in plain if one.value is not None and GSM_LEAST <= one.value <= GSM_MOST]
    grammage = row.unit == "g/m²" or any(one.unit == "g/m²" for one in figures)
    grammage = grammage or "grammage" in vocabulary.candidates(row.label)
    if not roles and not (grammage and figures) and not (len(figures) > 1 and not row.label):
        return None
    block = _Block()
    block.roles, block.said_gsm, block.page = roles, grammage, row.line.page
    if len(row.line.cells) == 1 and not roles:
        block.heading = [one.value for one in figures if one.value is not None]
    elif len(figures) == len(row.figures):
        block.columns = [Column(one.value, one.middle) for one in figures if one.value is not None]
    return block


def _role_of(text: str) -> str | None:
    """What a head says of its column: what it holds, or of which direction it is."""
    return vocabulary.head_of(text) or vocabulary.is_direction(text)


def _values(block: _Block) -> Iterator[Draft]:
    """Every figure of a table with its grammage."""
    columns, sure = _columns(block)
    single = block.heading[0] if len(block.heading) == 1 and not columns else None
    grammages = [row for row in block.rows if name_of(row) == "grammage"]
    if grammages and not columns:
        own = next(_of_one_gsm(_base(grammages[0]), _without_tolerance(grammages[0], block, ())[0], block), None)
        single = own.figure.value if own and not own.doubts and not own.figure.between else None
    for row in block.rows:
        yield from _drafts(row, block, columns, single=single, sure=sure)
    if columns and not grammages:
        for column in columns:
            figure = Figure(f"{column.gsm}", column.x, column.x, column.gsm)
            said = f"{column.gsm} g/m²" if sure else f"{column.gsm}"
            yield Draft("grammage", figure, block.page, said, gsm=column.gsm, gsm_sure=sure, unit="g/m²")


def _columns(block: _Block) -> tuple[list[Column], bool]:
    """The grammages of the columns, and whether the sheet says that they are: by a row, a heading or a unit."""
    for row in block.rows:
        if name_of(row) != "grammage" or len(row.figures) < 2:
            continue
        if any(role in _LIMITS for role, _ in block.roles) and len(block.columns) < 2:
            continue
        plain = [one for one in row.figures if not one.tolerance]
        return [Column(one.value, one.middle) for one in plain if one.value is not None], True
    if block.columns:
        return block.columns, block.said_gsm or sorted(block.heading) == sorted(one.gsm for one in block.columns)
    return [], True


def _drafts(
    row: Row, block: _Block, columns: Sequence[Column], *, single: Decimal | None, sure: bool
) -> Iterator[Draft]:
    figures, tolerance = _without_tolerance(row, block, columns)
    base = replace(_base(row), gsm=single, gsm_sure=sure, tolerance=tolerance)
    if len({column.gsm for column in columns}) < len(columns):
        base = replace(base, doubts=("several columns are of the same grammage",))
    both = vocabulary.directions_in(row.label)
    if len(both) == 2 and len(figures) == 2 * max(len(columns), 1):
        for number, figure in enumerate(figures):
            gsm = columns[number // 2].gsm if columns else single
            yield replace(base, figure=figure, gsm=gsm, direction=both[number % 2])
        return
    if not columns:
        yield from _of_one_gsm(base, figures, block)
        return
    yield from _of_columns(base, figures, columns)


def _base(row: Row) -> Draft:
    plain = row.line.text.replace("\t", " ")
    return Draft(
        label=row.label,
        figure=Figure("", 0, 0, None),
        page=row.line.page,
        snippet=plain if row.label in plain else f"{row.label} {plain}",
        standard=row.standard,
        unit=row.unit,
    )


def _without_tolerance(row: Row, block: _Block, columns: Sequence[Column]) -> tuple[list[Figure], str | None]:
    """The figures of a row, and what stands in its column of tolerances (there ``min 100`` is no value)."""
    figures = list(row.figures)
    tolerance = row.tolerances[-1].text if row.tolerances else None
    column = next((x for role, x in block.roles if role == "tolerance"), None)
    last = figures[-1]
    beyond = columns and len(figures) > len(columns) and last.x0 > columns[-1].x
    if last.tolerance in ("min", "max") and len(figures) > 1 and (beyond or _near(column, last)):
        return figures[:-1], f"{last.tolerance} {last.value}"
    return figures, tolerance


def _near(x: float | None, figure: Figure) -> bool:
    return x is not None and figure.x0 - 12 < x < figure.x1 + 12


def _of_one_gsm(base: Draft, figures: Sequence[Figure], block: _Block) -> Iterator[Draft]:
    headed = [(role, x) for role, x in block.roles if role in (*vocabulary.MACHINE, *vocabulary.SIDE)]
    directions = [_role(figure, headed) for figure in figures] if len(headed) > 1 else []
    if directions and len(set(directions)) == len(figures):
        for figure, direction in zip(figures, directions, strict=True):
            yield replace(base, figure=figure, direction=direction)
        return
    roles = [(role, x) for role, x in block.roles if role in _LIMITS]
    if len(figures) == 1:
        yield replace(base, figure=_limited(figures[0], roles))
        return
    placed = {_role(figure, roles): figure for figure in figures} if len(roles) > 1 else {}
    if len(placed) == len(figures):
        low, high = placed.get("minimum"), placed.get("maximum")
        least, most = low.value if low else None, high.value if high else None
        value = placed.get("value")
        if value is not None:
            yield replace(base, figure=replace(value, low=least, high=most))
            return
        if least is not None and most is not None:
            middle = replace(figures[0], value=(least + most) / 2, low=least, high=most, between=True)
            yield replace(base, figure=middle)
            return
    doubt = f"the row has {len(figures)} numbers and no head that tells them apart"
    yield replace(base, figure=figures[0], doubts=(*base.doubts, doubt))


def _limited(figure: Figure, roles: Sequence[tuple[str, float]]) -> Figure:
    """A number that stands alone under "min" or "max" is that limit."""
    role = _role(figure, roles) if len(roles) > 1 else "value"
    if role == "value" or figure.tolerance is not None:
        return figure
    if role == "minimum":
        return replace(figure, tolerance="min", low=figure.value)
    return replace(figure, tolerance="max", high=figure.value)


def _role(figure: Figure, roles: Sequence[tuple[str, float]]) -> str:
    return min(roles, key=lambda one: abs(one[1] - figure.middle))[0]


def _of_columns(base: Draft, figures: Sequence[Figure], columns: Sequence[Column]) -> Iterator[Draft]:
    if len(figures) == len(columns):
        for figure, column in zip(figures, columns, strict=True):
            yield replace(base, figure=figure, gsm=column.gsm)
        return
    pitch = min((b.x - a.x for a, b in pairwise(columns)), default=100.0)
    if len(figures) == 1 and len(columns) > 1:
        nearest = min(columns, key=lambda one: abs(one.x - figures[0].middle))
        centre = (columns[0].x + columns[-1].x) / 2
        if abs(nearest.x - figures[0].middle) > 0.25 * pitch or abs(centre - figures[0].middle) < 0.1 * pitch:
            for column in columns:
                doubts = (*base.doubts, "one number stands for all grammages")
                yield replace(base, figure=figures[0], gsm=column.gsm, doubts=doubts)
            return
    for figure in figures:
        nearest = min(columns, key=lambda one: abs(one.x - figure.middle))
        if abs(nearest.x - figure.middle) <= 0.45 * pitch:
            yield replace(base, figure=figure, gsm=nearest.gsm)
