"""From a question to SQL: conditions, the order in both directions, and the rows behind or before a mark.

A statement of a list is a literal with three places: ``{mark}`` as its first column (the sort values and the id of a
row as texts), ``{filters}`` at the end of its WHERE, ``{order}`` at its end (ORDER BY and LIMIT). Example::

    SELECT {mark}, w.id, w.status FROM windows AS w WHERE w.mill_id = %(mill_id)s {filters} {order}

When that is a part of a larger statement, ``{place}`` numbers its rows for the ``ORDER BY place`` of the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, LiteralString, TypeVar

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from shared.conditions import bound, column_of, condition, nullable, text, trimmed
from shared.contracts.gateway import Role
from shared.db import Conn
from shared.filtering import Filter, Listing, SortKey

TOTAL_MAX = 10_000  # counted exactly so far
FACET_ROWS_MAX = 200_000  # looked at
FACET_VALUES_MAX = 100  # of each field
Mark = tuple[str | None, ...]
"""Where a row stands in the order: its sort values as texts (``None`` for null), then its id."""
Facets = dict[str, list[tuple[str, int]]]
"""For each field its values as texts with the number of rows, most frequent first."""
R = TypeVar("R")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """Rows of one page in order. ``before`` and ``after``: marks to go on from, ``None`` when nothing is there.

    ``total``: how many rows there are in all, at most ``TOTAL_MAX + 1``; ``None`` when nobody asked, like ``facets``.
    """

    rows: list[R]
    before: Mark | None = None
    after: Mark | None = None
    total: int | None = None
    facets: Facets | None = None

    def shaped(self, shape: Callable[[R], S]) -> "Found[S]":
        """The same page with every row changed into something else."""
        return Found([shape(row) for row in self.rows], self.before, self.after, self.total, self.facets)


@dataclass(frozen=True, slots=True)
class Parts:
    """The three places of a statement, without the LIMIT."""

    mark: LiteralString
    filters: LiteralString
    order: LiteralString


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks of a list. ``start``: the row to go on from, ``backwards`` to go towards the first page.

    ``sorted``: the client said in which order. ``until``: the last row that may come. ``skip``: rows left out first,
    which costs as much as reading them.
    """

    listing: Listing
    filters: tuple[Filter, ...]
    sort: tuple[SortKey, ...]
    limit: int
    start: Mark | None = None
    backwards: bool = False
    count: bool = False
    sorted: bool = False
    facets: tuple[SortKey, ...] = ()
    until: Mark | None = None
    skip: int = 0

    def by_default(self, sort: str, role: Role) -> "Question":
        """With another order unless the client asked for one; with as many keys as the list's own order has."""
        return self if self.sorted else replace(self, sort=self.listing.own_order(sort, role))

    def value(self, name: str) -> object | None:
        """What a field must be equal to; ``None`` when the question does not say."""
        return next((one.value for one in self.filters if one.name == name and one.operation == "eq"), None)

    def asks(self, name: str) -> bool:
        """Whether the question has a condition on a field."""
        return any(one.name == name for one in self.filters)

    async def fetch(
        self, conn: Conn, row: Callable[..., R], statement: LiteralString, params: dict[str, object]
    ) -> Found[R]:
        """The page as dataclasses (or ``dict``); all columns but the mark must carry the names of the fields."""
        given = dict(params)
        parts = self.parts(given)
        given |= {"page_limit": self.limit + 1, "page_skip": self.skip}
        query = statement.format(
            mark=parts.mark,
            place="row_number() OVER (" + parts.order + ") AS place",
            filters=parts.filters,
            order=parts.order + " LIMIT %(page_limit)s OFFSET %(page_skip)s",
        )
        async with conn.cursor(row_factory=_marked(row)) as cursor:
            await cursor.execute(query, given)
            rows = await cursor.fetchall()
        found = self.page(rows, total=await self.total(conn, statement, params) if self.count else None)
        return replace(found, facets=await self.values(conn, statement, params)) if self.facets else found

    async def total(self, conn: Conn, statement: LiteralString, params: dict[str, object]) -> int:
        """How many rows there are, counted no further than ``TOTAL_MAX + 1``."""
        given: dict[str, object] = {**params, "page_limit": TOTAL_MAX + 1}
        inner = statement.format(
            mark="1 AS mark",
            place="1 AS place",
            filters=self.conditions(given),
            order="LIMIT %(page_limit)s",
        )
        cursor = await conn.execute(_TOTAL.format(inner), given)
        counted = await cursor.fetchone()
        return 0 if counted is None else int(counted[0])

    async def values(self, conn: Conn, statement: LiteralString, params: dict[str, object]) -> Facets:
        """How many rows have which values, whatever the page."""
        given: dict[str, object] = {**params, "page_limit": FACET_ROWS_MAX, "facet_limit": FACET_VALUES_MAX}
        columns: list[LiteralString] = [text(trimmed(key)) for key in self.facets]
        inner = statement.format(
            mark="ARRAY[" + ", ".join(columns) + "] AS mark",
            place="1 AS place",
            filters=self.conditions(given),
            order="LIMIT %(page_limit)s",
        )
        cursor = await conn.execute(_FACETS.format(inner), given)
        found: Facets = {}
        for key in self.facets:
            found[key.name] = []
        for place, value, count in await cursor.fetchall():
            key: SortKey = self.facets[int(place) - 1]
            found[key.name].append((value, count))
        return found

    def page(self, rows: Sequence[tuple[Mark, R]], *, total: int | None) -> Found[R]:
        """The page of what was read: up to one row more than the limit, in the direction of reading."""
        more = len(rows) > self.limit
        shown = list(rows[: self.limit])
        if self.backwards:
            shown.reverse()
        onward = not self.backwards and not more  # nothing follows
        first = self.start is None if not self.backwards else not more  # nothing comes before
        return Found(
            rows=[row for _, row in shown],
            before=None if first or not shown else shown[0][0],
            after=None if onward or not shown else shown[-1][0],
            total=total,
        )

    def parts(self, params: dict[str, object]) -> Parts:
        """The three places; adds what they need to ``params``."""
        columns: list[LiteralString] = [column_of(key) for key in self.sort]
        marks: list[LiteralString] = [text(column) for column in (*columns, self.listing.id)]
        filters = self.conditions(params)
        if self.start is not None:
            filters += " AND " + self._beyond(columns, self.start, params, "start")
        if self.until is not None:
            filters += " AND NOT coalesce(" + self._beyond(columns, self.until, params, "until") + ", false)"
        down = self._id_descending() != self.backwards
        keys: list[LiteralString] = [self._order(key, column) for key, column in zip(self.sort, columns, strict=True)]
        keys.append(self.listing.id + (" DESC" if down else " ASC"))
        return Parts(
            mark="ARRAY[" + ", ".join(marks) + "] AS mark", filters=filters, order="ORDER BY " + ", ".join(keys)
        )

    def conditions(self, params: dict[str, object]) -> LiteralString:
        """The filters alone, wherever the page starts."""
        found: list[LiteralString] = [condition(one, f"filter_{n}", params) for n, one in enumerate(self.filters)]
        return " ".join(found)

    def _id_descending(self) -> bool:
        """As the last field that is sorted by, so that one index gives the whole order; newest first without one."""
        return self.sort[-1].descending if self.sort else True

    def _order(self, key: SortKey, column: LiteralString) -> LiteralString:
        direction: LiteralString = " DESC" if key.descending != self.backwards else " ASC"
        if not nullable(key):  # a plain order is what an index can give
            return column + direction
        return column + direction + (" NULLS FIRST" if self.backwards else " NULLS LAST")

    def _beyond(
        self, columns: Sequence[LiteralString], mark: Mark, params: dict[str, object], called: str
    ) -> LiteralString:
        """Whether a row is behind the mark in the direction of reading; ``called`` names its parameters."""
        down = self._id_descending() != self.backwards
        id_column = self.listing.id
        id_value = bound(f"{called}_id", self.listing.id_kind, mark[-1], params)
        values: list[LiteralString] = [
            bound(f"{called}_{n}", key.field.kind, mark[n], params) for n, key in enumerate(self.sort)
        ]
        if all(not nullable(key) and (key.descending != self.backwards) == down for key in self.sort):
            # One comparison of rows is what an index can start from.
            shape: LiteralString = "({}) < ({})" if down else "({}) > ({})"
            return shape.format(", ".join([*columns, id_column]), ", ".join([*values, id_value]))
        behind = id_column + (" < " if down else " > ") + id_value
        for n in reversed(range(len(self.sort))):
            behind = self._behind(self.sort[n], columns[n], values[n], mark[n] is None, behind)
        first = self.sort[0]
        if nullable(first):
            return behind
        # Says the first part once more in a form that an index can start from.
        least: LiteralString = " <= " if first.descending != self.backwards else " >= "
        return "(" + columns[0] + least + values[0] + " AND " + behind + ")"

    def _behind(
        self, key: SortKey, column: LiteralString, value: LiteralString, was_null: bool, rest: LiteralString
    ) -> LiteralString:
        if was_null:
            # Nulls are last: before them come all others, behind them nothing.
            shape: LiteralString = (
                "({column} IS NOT NULL OR {rest})" if self.backwards else "({column} IS NULL AND {rest})"
            )
            return shape.format(column=column, rest=rest)
        beyond: LiteralString = "{column} < {value}" if key.descending != self.backwards else "{column} > {value}"
        nulls: LiteralString = " OR {column} IS NULL" if nullable(key) and not self.backwards else ""
        whole: LiteralString = "(" + beyond + nulls + " OR ({column} = {value} AND {rest}))"
        return whole.format(column=column, value=value, rest=rest)


_TOTAL: LiteralString = "SELECT count(*) FROM ({}) AS counted"
_FACETS: LiteralString = """
    SELECT place, value, counted
    FROM (
        SELECT v.place::int AS place, v.value, count(*)::int AS counted,
            row_number() OVER (PARTITION BY v.place ORDER BY count(*) DESC, v.value) AS rank
        FROM ({}) AS found CROSS JOIN LATERAL unnest(found.mark) WITH ORDINALITY AS v (value, place)
        WHERE v.value IS NOT NULL
        GROUP BY v.place, v.value
    ) AS ranked
    WHERE rank <= %(facet_limit)s
    ORDER BY place, rank
"""


def _marked(row: Callable[..., R]) -> Callable[[AsyncCursor[Any]], RowMaker[tuple[Mark, R]]]:
    """Rows whose first column is their mark, the others as ``row``."""

    def factory(cursor: AsyncCursor[Any]) -> RowMaker[tuple[Mark, R]]:
        names = [column.name for column in (cursor.description or ())][1:]

        def make(values: Sequence[Any]) -> tuple[Mark, R]:
            return tuple(values[0]), row(**dict(zip(names, values[1:], strict=True)))

        return make

    return factory
