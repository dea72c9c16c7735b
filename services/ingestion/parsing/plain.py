"""A lot that can be listed, as most can: kept as the JSON that will be stored, and understood again only if need be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson
from pydantic import TypeAdapter

from services.ingestion.parsing.model import Problem, RowReading
from services.ingestion.parsing.scope import shown
from services.ingestion.parsing.sheets import Cell
from shared.contracts.types import LotValues

BETWEEN, LINE = "\t", "\n"  # JSON writes tabs and line ends inside of texts in another way
KNOWN_MAX = 20_000  # of one column: what is new in every row is not worth its memory
_LOT: TypeAdapter[LotValues] = TypeAdapter(LotValues)


@dataclass(slots=True)
class PlainRow:
    """A lot with what the whole list is judged by. ``problems`` are warnings only.

    ``text`` is what ``written`` made of it. It is emptied when the row has been handed on and nobody asks for it again.
    """

    sheet: str | None
    row: int
    text: str
    lot_ref: str | None
    grade_code: str
    weight_net_kg: Decimal
    price_per_t: Decimal | None
    currency: str | None
    price: Decimal | None
    problems: tuple[Problem, ...] = ()

    def reading(self) -> RowReading:
        """The same as any other row."""
        _, _, lot, source_values, defaulted, _ = self.text.split(BETWEEN)
        return RowReading(
            self.sheet,
            self.row,
            "lot",
            values=_LOT.validate_json(lot),
            source_values=orjson.loads(source_values),
            problems=self.problems,
            defaulted=tuple(defaulted.split(",")) if defaulted else (),
        )


def written(row: int, sheet: str, lot: str, source_values: str, defaulted: Iterable[str]) -> str:
    """A lot on its way out of the sandbox; ``packing`` adds its findings. ``sheet``, lot and cells are JSON."""
    return f"{row}\t{sheet}\t{lot}\t{source_values}\t{','.join(defaulted)}\t"


AnyRow = RowReading | PlainRow


def is_lot(row: AnyRow) -> bool:
    """Whether it can be listed."""
    return isinstance(row, PlainRow) or row.values is not None


def readings(rows: Iterable[AnyRow]) -> list[RowReading]:
    return [row.reading() if isinstance(row, PlainRow) else row for row in rows]


class CellTexts:
    """The cells of a row as the list writes them, as JSON under the names of their columns.

    The names come in the order in which PostgreSQL keeps them, which spares it to sort them in every row.
    """

    def __init__(self, headings: Sequence[str]) -> None:
        named = [(heading, index) for index, heading in enumerate(headings) if heading]
        named.sort(key=lambda one: (len(one[0].encode()), one[0].encode()))
        self._columns = [(_Texts(heading), index) for heading, index in named]

    def of(self, row: list[Cell]) -> str:
        width = len(row)
        told = [texts[row[at]] for texts, at in self._columns if at < width and row[at] is not None]
        return "{" + ",".join(told) + "}"


class _Texts(dict[Cell, str]):
    def __init__(self, heading: str) -> None:
        super().__init__()
        self._heading = orjson.dumps(heading).decode()

    def __missing__(self, cell: Cell) -> str:
        text = orjson.dumps(cell if type(cell) is str else shown(cell)).decode()
        told = self[cell] = f"{self._heading}:{text}"
        if len(self) > KNOWN_MAX:
            self.clear()
        return told
