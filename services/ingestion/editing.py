"""Values that a person typed: read, completed and checked like those of a file."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

from pydantic import ValidationError

from services.ingestion.domain.batches import Finding
from services.ingestion.domain.checks import check
from services.ingestion.store.rows import LOT
from shared.contracts.types import LotValues, PriceUnit

FIELDS = frozenset(field.name for field in fields(LotValues)) - {"price_per_t"}


def revise(
    base: Mapping[str, object], edits: Mapping[str, object], *, country: str, currency: str, today: date
) -> tuple[LotValues | None, tuple[Finding, ...]]:
    """The lot with the edits, and what is wrong with it; ``None`` when it cannot be listed."""
    unknown = sorted(set(edits) - FIELDS)
    if unknown:
        return None, (_error("unknown_field", unknown[0], f"{unknown[0]} is no field of a lot."),)
    merged: dict[str, object] = {name: value for name, value in base.items() if name in FIELDS}
    merged |= {name: value for name, value in edits.items()}
    merged.setdefault("quality_class", "B")
    merged.setdefault("location_country", country)
    if merged.get("price") is not None:
        merged["currency"] = merged.get("currency") or currency
        merged["price_unit"] = merged.get("price_unit") or PriceUnit.PER_T
    try:
        values = LOT.validate_python({name: value for name, value in merged.items() if value is not None})
    except ValidationError as error:
        return None, tuple(_from_pydantic(item["loc"], item["type"], edits) for item in error.errors())
    found = check(values)
    return (None, found) if found else (replace(values, price_per_t=_per_tonne(values)), ())


def _per_tonne(values: LotValues) -> Decimal | None:
    raise NotImplementedError


def _from_pydantic(place: tuple[int | str, ...], kind: str, edits: Mapping[str, object]) -> Finding:
    field = str(place[0]) if place else ""
    if kind == "missing":
        return _error("missing", field, f"{field} is missing.")
    raw = None if field not in edits else str(edits[field])[:200]
    return Finding("bad_format", f"{field} cannot be {raw!r}.", "error", field=field, raw=raw)


def _error(code: str, field: str, message: str) -> Finding:
    return Finding(code, message, "error", field=field)
