"""The grammar of ``GET /items``: ``field``, ``field__op``, ``q`` and ``sort``, read from the query string."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

from services.catalog.errors import InvalidFilter
from shared.contracts.visibility import DETAIL, IDENTITY, OWN, PRICE, RESERVATION

FILTERS_MAX = 20
LIST_MAX = 100
TEXT_MAX = 200
SORT_KEYS_MAX = 3
SORT_DEFAULT = "-listed_at"


class Kind(StrEnum):
    """What a field holds, by its PostgreSQL type."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "numeric"
    DATE = "date"
    INSTANT = "timestamptz"
    ID = "uuid"
    SET = "text[]"


class Section(StrEnum):
    """Part of an item that is shown or hidden as a whole."""

    TEASER = "teaser"
    DETAIL = "detail"
    PRICE = "price"
    IDENTITY = "identity"
    OWN = "own"


FIELDS: dict[str, Kind] = {
    **dict.fromkeys(("status", "grade_code", "form", "weight_band", "location_country"), Kind.TEXT),
    **dict.fromkeys(("quality_class", "surplus_reason", "grain", "colour", "product_name"), Kind.TEXT),
    **dict.fromkeys(("currency", "price_unit", "incoterm", "lot_ref", "location_place", "grade_raw"), Kind.TEXT),
    **dict.fromkeys(("lot_key", "header_fingerprint"), Kind.TEXT),
    **dict.fromkeys(("listing_cycle", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm"), Kind.INTEGER),
    **dict.fromkeys(("caliper_um", "reel_count", "pallet_count", "sheet_count"), Kind.INTEGER),
    **dict.fromkeys(("gsm", "weight_net_kg", "weight_gross_kg", "brightness_iso"), Kind.NUMBER),
    **dict.fromkeys(("price", "price_per_t"), Kind.NUMBER),
    **dict.fromkeys(("available_from", "valid_until", "expires_on"), Kind.DATE),
    **dict.fromkeys(("listed_at", "reserved_until", "created_at", "updated_at"), Kind.INSTANT),
    **dict.fromkeys(("mill_id", "batch_id"), Kind.ID),
    **dict.fromkeys(("certification", "defects"), Kind.SET),
}

_SAMPLES: dict[Kind, str] = {
    Kind.TEXT: f"kraft (at most {TEXT_MAX} characters)",
    Kind.INTEGER: "2450",
    Kind.NUMBER: "112.5",
    Kind.DATE: "2026-11-21",
    Kind.INSTANT: "2026-11-21T09:00:00Z",
    Kind.ID: "0192f0c4-7a00-7000-8000-000000000001",
    Kind.SET: "FSC",
}
_ORDERED = frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "isnull"})
_OPERATIONS: dict[Kind, frozenset[str]] = {
    Kind.TEXT: frozenset({"eq", "ne", "in", "nin", "contains", "prefix", "isnull"}),
    Kind.INTEGER: _ORDERED,
    Kind.NUMBER: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.INSTANT: _ORDERED,
    Kind.ID: frozenset({"eq", "ne", "in", "nin", "isnull"}),
    Kind.SET: frozenset({"contains", "overlaps"}),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; ``value`` is a list for ``in``, ``nin`` and sets."""

    field: str
    kind: Kind
    section: Section
    operation: str
    value: object


@dataclass(frozen=True, slots=True)
class SortKey:
    """One field of the order; nulls come last either way."""

    field: str
    kind: Kind
    section: Section
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the list of items. ``words`` ``None``: no full text."""

    filters: tuple[Filter, ...]
    sort: tuple[SortKey, ...]
    words: str | None


def section_of(field: str) -> Section:
    """Which part of an item a field belongs to."""
    if field in OWN:
        return Section.OWN
    if field in IDENTITY or field == "mill_id":
        return Section.IDENTITY
    if field in PRICE:
        return Section.PRICE
    return Section.DETAIL if field in DETAIL or field in RESERVATION else Section.TEASER


def parse(parameters: Iterable[tuple[str, str]], *, owner: bool) -> Query:
    """Read the query string. ``owner``: the caller is the operator or the mill itself and may ask for everything."""
    filters: list[Filter] = []
    sort, words = SORT_DEFAULT, None
    for name, text in parameters:
        if name in ("limit", "cursor"):
            continue
        if len(text) > TEXT_MAX * 10 or "\x00" in text:
            raise InvalidFilter(f"The value of {name[:50]} is too long or holds a NUL character; shorten it.")
        if name == "sort":
            sort = text
        elif name == "q":
            words = text[:TEXT_MAX].strip() or None
        else:
            filters.append(_filter(name, text, owner=owner))
    if len(filters) > FILTERS_MAX:
        raise InvalidFilter(f"A question may have at most {FILTERS_MAX} filters; leave some out.")
    return Query(tuple(filters), _sort(sort, owner=owner), words)


def _field(name: str, *, owner: bool) -> tuple[Kind, Section]:
    kind = FIELDS.get(name)
    section = section_of(name)
    if kind is None or (section == Section.OWN and not owner):
        raise InvalidFilter(f"There is no field {name[:50]!r} to filter or sort by; one of: {_known(owner)}.")
    return kind, section


def _known(owner: bool) -> str:
    return ", ".join(sorted(name for name in FIELDS if owner or section_of(name) != Section.OWN))


def _filter(name: str, text: str, *, owner: bool) -> Filter:
    field, _, operation = name.partition("__")
    kind, section = _field(field, owner=owner)
    # A set without an operation is asked whether it has the value.
    operation = operation or ("contains" if kind == Kind.SET else "eq")
    if operation not in _OPERATIONS[kind]:
        offered = ", ".join(sorted(_OPERATIONS[kind]))
        raise InvalidFilter(f"{field} cannot be compared with {operation[:20]!r}; use one of: {offered}.")
    try:
        return Filter(field, kind, section, operation, _value(kind, operation, text))
    except (ValueError, InvalidOperation):
        raise InvalidFilter(
            f"The value of {field}__{operation} is not valid; write {_sample(kind, operation)}."
        ) from None


def _sample(kind: Kind, operation: str) -> str:
    """How a value is written."""
    if operation == "isnull":
        return "true or false"
    many = operation in ("in", "nin") or kind == Kind.SET
    return f"1 to {LIST_MAX} values like {_SAMPLES[kind]} with commas between" if many else f"it like {_SAMPLES[kind]}"


def _value(kind: Kind, operation: str, text: str) -> object:
    if operation == "isnull":
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if operation in ("in", "nin") or kind == Kind.SET:
        parts = [part for part in text.split(",") if part]
        if not 1 <= len(parts) <= LIST_MAX:
            raise ValueError(text)
        return [_one(kind, part) for part in parts]
    return _one(kind, text)


def _one(kind: Kind, text: str) -> object:
    match kind:
        case Kind.TEXT | Kind.SET:
            if len(text) > TEXT_MAX:
                raise ValueError(text)
            return text
        case Kind.INTEGER:
            number = int(text)
            if abs(number) > 2_147_483_647:
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
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise ValueError(text)
            return instant
        case Kind.ID:
            return UUID(text)


def _sort(text: str, *, owner: bool) -> tuple[SortKey, ...]:
    names = text.split(",")
    if len(names) > SORT_KEYS_MAX or len({name.removeprefix("-") for name in names}) != len(names):
        raise InvalidFilter(f"Sort by at most {SORT_KEYS_MAX} different fields, like -listed_at,gsm.")
    keys: list[SortKey] = []
    for name in names:
        field = name.removeprefix("-")
        kind, section = _field(field, owner=owner)
        if kind == Kind.SET:
            raise InvalidFilter(f"{field} has no order to sort by; choose a text, number or date.")
        keys.append(SortKey(field, kind, section, name.startswith("-")))
    return tuple(keys)
