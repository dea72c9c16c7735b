"""What each row of a sheet is: header, section, lot, total or something else."""

from dataclasses import dataclass

from services.ingestion.parsing import terms
from services.ingestion.parsing.columns import FREE_TEXT, Column
from services.ingestion.parsing.model import RowKind
from services.ingestion.parsing.scope import filled_cells
from services.ingestion.parsing.sheets import Cell, Grid
from services.ingestion.parsing.tables import Table
from services.ingestion.parsing.text import is_empty_mark, normal

_KEYS = ("lot_ref", "grade_raw", "product_name", "gsm", "width_mm", "format", "weight_net_kg", "sheet_w_mm")
_RULER = frozenset("-=_*.+|~ ")


@dataclass(frozen=True, slots=True)
class Layout:
    """The kind of every row, and the row that states the total of the sheet."""

    kinds: list[RowKind]
    total_row: int | None


def layout(grid: Grid, table: Table, columns: dict[str, Column], *, typed: bool) -> Layout:
    """``typed``: the list stands in a mail, where lines around it are prose."""
    keys = [columns[k].index for k in _KEYS if k in columns]
    sizing = [columns[k].index for k in ("gsm", "width_mm", "format", "sheet_w_mm") if k in columns]
    header = {i: normal(h.text) for i, h in enumerate(table.headers) if h.text}
    header_cells = [{normal(c) for c in grid.rows[r] if isinstance(c, str) and c.strip()} for r in table.rows]
    remarks = {c.index for c in columns.values() if c.field in FREE_TEXT} - {min(header, default=0)}
    kinds: list[RowKind] = []
    many = max(6, len(header) // 2 + 1)
    for index, row in enumerate(grid.rows):
        if index in grid.hidden_rows:
            kinds.append("hidden")
            continue
        if index > table.rows[-1] and len(row) - row.count(None) > many and _plainly_lot(row, header_cells):
            kinds.append("lot")
            continue
        filled = filled_cells(row)
        if index in table.rows:
            kinds.append("header")
        elif not filled:
            kinds.append("blank")
        elif index < table.rows[0]:
            kinds.append("text" if typed else "title")
        elif len(filled) == 1 and filled[0][0] in remarks and _goes_on(grid.rows[index - 1], filled[0], kinds[-1]):
            kinds.append("text")
        else:
            kinds.append(_kind(filled, keys, sizing, header, header_cells))
    _settle(kinds, typed=typed)
    totals = [i for i, k in enumerate(kinds) if k == "total"]
    return Layout(kinds, totals[-1] if totals else None)


def _plainly_lot(row: list[Cell], header_cells: list[set[str]]) -> bool:
    """Nearly every row of a list, at a glance: too full for a total or a heading, with numbers or a number of its own.

    What it says is what ``_kind`` would say.
    """
    first = next((c for c in row if c is not None), None)
    if not isinstance(first, str) or set(first) <= _RULER:
        return False
    numbers = len([c for c in row if type(c) is float])
    return numbers > 0.3 * (len(row) - row.count(None)) or not _starts_header(first, header_cells)


def _goes_on(above: list[Cell], cell: tuple[int, Cell], kind: RowKind) -> bool:
    """A remark alone in its row belongs to the lot above, which takes it over; it is no heading of those below."""
    at, text = cell
    if kind != "lot" or not isinstance(text, str):
        return False
    above.extend([None] * (at + 1 - len(above)))
    above[at] = f"{above[at]}; {text}" if above[at] is not None else text
    return True


def _kind(
    filled: list[tuple[int, Cell]],
    keys: list[int],
    sizing: list[int],
    header: dict[int, str],
    header_cells: list[set[str]],
) -> RowKind:
    texts = [(i, c) for i, c in filled if isinstance(c, str)]
    if len(texts) == len(filled) and all(set(c) <= _RULER for _, c in texts):
        return "line"
    present = {i for i, c in filled if not (isinstance(c, str) and is_empty_mark(c))}
    if len(filled) <= max(6, len(header) // 2 + 1):
        labels = {i: kind for i, text in texts if (kind := terms.total_kind(text))}
        if labels and not any(i in present and i not in labels for i in sizing):
            return "subtotal" if "subtotal" in labels.values() else "total"
    if len(texts) >= 3 and len(texts) >= 0.7 * len(filled) and _starts_header(texts[0][1], header_cells):
        mine = {normal(c) for _, c in texts}
        if any(len(mine & cells) >= max(3, 0.7 * len(mine)) for cells in header_cells):
            return "header"
    if len(filled) == 1 and texts:
        return "section"
    return "lot" if sum(1 for k in keys if k in present) >= 2 or len(filled) >= 4 else "footer"


def _starts_header(text: str, header_cells: list[set[str]]) -> bool:
    """Cheap look before the whole row is compared: lots are many, repeated headers few."""
    return len(text) < 40 and any(normal(text) in cells for cells in header_cells)


def _settle(kinds: list[RowKind], *, typed: bool) -> None:
    """What only later rows tell: a lone text is a section when lots follow, a total stands below the last lot."""
    lots_follow = False
    for index in range(len(kinds) - 1, -1, -1):
        kind = kinds[index]
        if kind == "lot":
            lots_follow = True
        elif kind == "total" and lots_follow:
            kinds[index] = "subtotal"
        elif kind in ("section", "footer") and not lots_follow:
            kinds[index] = "text" if typed else "footer"
        elif kind == "footer" and lots_follow:
            kinds[index] = "section"
