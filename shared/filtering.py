"""The grammar of every list: ``field=value``, ``field__op=value`` and ``sort=-a,b``, declared field by field.

A list names its fields once, as a ``Listing``; what the query string asks becomes a ``Question``, which
``shared/keyset.py`` turns into SQL and ``shared/listing.py`` into an answer.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from shared.contracts.gateway import Role
from shared.problems import InvalidFilter

FILTERS_MAX = 20
VALUES_MAX = 100  # in one __in
TEXT_MAX = 200  # characters of one value
SORT_KEYS_MAX = 3
PLAIN = frozenset({"limit", "cursor", "facets"})  # of every list, read by shared/paging.py
_BIGINT = 2**63 - 1


class Kind(StrEnum):
    """What a field holds, by its PostgreSQL type."""

    TEXT = "text"
    INTEGER = "bigint"
    NUMBER = "numeric"
    DATE = "date"
    INSTANT = "timestamptz"
    ID = "uuid"
    FLAG = "boolean"
    SET = "text[]"


_SAMPLES: dict[Kind, str] = {
    Kind.TEXT: f"kraft (at most {TEXT_MAX} characters)",
    Kind.INTEGER: "2450",
    Kind.NUMBER: "112.5",
    Kind.DATE: "2026-11-21",
    Kind.INSTANT: "2026-11-21T09:00:00Z",
    Kind.ID: "0192f0c4-7a00-7000-8000-000000000001",
    Kind.FLAG: "true or false",
    Kind.SET: "FSC",
}
_ORDERED = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "isnull")
OPERATIONS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("eq", "ne", "in", "nin", "contains", "prefix", "isnull"),
    Kind.INTEGER: _ORDERED,
    Kind.NUMBER: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.INSTANT: _ORDERED,
    Kind.ID: ("eq", "ne", "in", "nin", "isnull"),
    Kind.FLAG: ("eq", "ne"),
    Kind.SET: ("contains", "overlaps"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field to filter and sort by. ``column`` is its SQL in the statement of the list.

    ``words``: all values a text can have, others are refused. ``folded``: the column is in lower case, so values are
    put there too. ``hidden_from``: roles for whom the field does not exist. ``seen``: for roles who see it in some
    rows only, the SQL that says in which; in other rows it counts as null.
    """

    kind: Kind
    column: LiteralString
    nullable: bool = False
    sortable: bool = True
    words: tuple[str, ...] = ()
    folded: bool = False
    hidden_from: frozenset[Role] = frozenset()
    seen: Mapping[Role, LiteralString] = field(default_factory=dict[Role, LiteralString])


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; ``value`` is a list for ``in``, ``nin`` and sets. ``seen`` ``None``: in every row."""

    name: str
    field: Field
    seen: LiteralString | None
    operation: str
    value: object


@dataclass(frozen=True, slots=True)
class SortKey:
    """One field of the order; nulls come last either way."""

    name: str
    field: Field
    seen: LiteralString | None
    descending: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list can be asked. ``sort`` is its order unless asked otherwise; the id is always the last key.

    ``also`` are parameters the route reads itself, such as ``q``; ``facets`` are fields whose values can be counted.
    """

    fields: Mapping[str, Field]
    id: LiteralString
    sort: str = ""
    id_kind: Kind = Kind.ID
    also: Collection[str] = ()
    facets: Collection[str] = ()

    def parse(
        self, parameters: Iterable[tuple[str, str]], role: Role
    ) -> tuple[tuple[Filter, ...], tuple[SortKey, ...]]:
        """Filters and order of a query string; raises ``InvalidFilter`` with what may be asked instead."""
        filters: list[Filter] = []
        keys: tuple[SortKey, ...] | None = None
        for name, text in parameters:
            if name in PLAIN:
                continue
            if len(text) > TEXT_MAX * 10 or "\x00" in text:
                raise InvalidFilter(f"The value of {name[:50]} is too long or holds a NUL character; shorten it.")
            if name == "sort":
                keys = self._keys(text, role)
            elif name not in self.also:
                filters.append(self._filter(name, text, role))
        if len(filters) > FILTERS_MAX:
            raise InvalidFilter(f"A question may have at most {FILTERS_MAX} filters; leave some out.")
        return tuple(filters), self.own_order(self.sort, role) if keys is None else keys

    def counted(self, text: str | None, role: Role) -> tuple[SortKey, ...]:
        """The fields that ``facets=a,b`` wants the values of counted."""
        if text is None:
            return ()
        offered = sorted(name for name in self.facets if role not in self.fields[name].hidden_from)
        names = dict.fromkeys(text.split(","))
        if not offered or not set(names) <= set(offered):
            raise InvalidFilter(f"facets takes a comma list of: {', '.join(offered) or 'nothing here'}.")
        return tuple(SortKey(name, self.fields[name], self.fields[name].seen.get(role), False) for name in names)

    def own_order(self, sort: str, role: Role) -> tuple[SortKey, ...]:
        """Keys of an order that the list itself chose; it may use what the reader does not see."""
        return self._keys(sort, role, own=True)

    def names(self, role: Role, *, sortable: bool = False) -> list[str]:
        """The fields that a role may ask by."""
        return sorted(
            name
            for name, one in self.fields.items()
            if role not in one.hidden_from and ((one.sortable and one.kind != Kind.SET) or not sortable)
        )

    def _offered(self, role: Role) -> str:
        return ", ".join(self.names(role, sortable=True)) or "none here"

    def _field(self, name: str, role: Role, *, sortable: bool = False) -> Field:
        found = self.fields.get(name)
        # A hidden field is refused in the words of one that does not exist.
        if found is None or role in found.hidden_from:
            known = ", ".join(self.names(role, sortable=sortable)) or "none here"
            raise InvalidFilter(f"There is no field {name[:50]!r} to filter or sort by; one of: {known}.")
        return found

    def _filter(self, name: str, text: str, role: Role) -> Filter:
        name, _, operation = name.partition("__")
        found = self._field(name, role)
        # A set without an operation is asked whether it has the value.
        operation = operation or ("contains" if found.kind == Kind.SET else "eq")
        if operation not in OPERATIONS[found.kind]:
            offered = ", ".join(sorted(OPERATIONS[found.kind]))
            raise InvalidFilter(f"{name} cannot be compared with {operation[:20]!r}; use one of: {offered}.")
        try:
            value = _value(found, operation, text)
        except (ValueError, InvalidOperation):
            wanted = _sample(found, operation)
            raise InvalidFilter(f"The value of {name}__{operation} is not valid; write {wanted}.") from None
        return Filter(name, found, found.seen.get(role), operation, value)

    def _keys(self, text: str, role: Role, *, own: bool = False) -> tuple[SortKey, ...]:
        names = text.split(",") if text else []
        plain = [name.removeprefix("-") for name in names]
        if not own and (not names or len(names) > SORT_KEYS_MAX or len(set(plain)) != len(plain)):
            offered = self._offered(role)
            raise InvalidFilter(f"Sort by 1 to {SORT_KEYS_MAX} different fields, minus for descending; of: {offered}.")
        keys: list[SortKey] = []
        for name, bare in zip(names, plain, strict=True):
            found = self.fields[bare] if own else self._field(bare, role, sortable=True)
            if found.kind == Kind.SET or not (own or found.sortable):
                raise InvalidFilter(f"{bare} has no order to sort by; choose of: {self._offered(role)}.")
            keys.append(SortKey(bare, found, found.seen.get(role), name.startswith("-")))
        return tuple(keys)


def _sample(asked: Field, operation: str) -> str:
    """How a value is written."""
    if operation == "isnull":
        return "true or false"
    sample = f"one of {', '.join(asked.words)}" if asked.words else f"it like {_SAMPLES[asked.kind]}"
    if operation in ("in", "nin") or asked.kind == Kind.SET:
        return f"1 to {VALUES_MAX} values with commas between, each {sample.removeprefix('it ')}"
    return sample


def _value(asked: Field, operation: str, text: str) -> object:
    if operation == "isnull":
        return _one(Kind.FLAG, text)
    if operation in ("in", "nin") or asked.kind == Kind.SET:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not 1 <= len(parts) <= VALUES_MAX:
            raise ValueError(text)
        return [_known(asked, part) for part in parts]
    return _one(asked.kind, text) if operation in ("contains", "prefix") else _known(asked, text)


def _known(asked: Field, text: str) -> object:
    text = text.lower() if asked.folded else text
    if asked.words and text not in asked.words:
        raise ValueError(text)
    return _one(asked.kind, text)


def _one(kind: Kind, text: str) -> object:
    match kind:
        case Kind.TEXT | Kind.SET:
            if len(text) > TEXT_MAX:
                raise ValueError(text)
            return text
        case Kind.INTEGER:
            number = int(text)
            if abs(number) > _BIGINT:
                raise ValueError(text)
            return number
        case Kind.NUMBER:
            decimal = Decimal(text)
            if not decimal.is_finite() or abs(decimal.adjusted()) > 15:
                raise ValueError(text)
            return decimal
        case Kind.DATE:
            return date.fromisoformat(text)
        case Kind.INSTANT:
            # An unescaped plus of an offset arrives as a space.
            instant = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
            if instant.tzinfo is None:
                raise ValueError(text)
            return instant
        case Kind.ID:
            return UUID(text)
        case Kind.FLAG:
            if text not in ("true", "false"):
                raise ValueError(text)
            return text == "true"
