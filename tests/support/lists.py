"""Sample lists with what they mean, and how a reading differs from it."""

import email
import email.policy
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, cast

from services.ingestion.parsing import ListReading, MillContext, Problem

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 21)
COMPARED = (
    "lot_ref",
    "grade_code",
    "form",
    "gsm",
    "width_mm",
    "sheet_w_mm",
    "sheet_l_mm",
    "diameter_mm",
    "core_mm",
    "reel_count",
    "weight_net_kg",
    "quality_class",
    "price",
    "currency",
    "price_unit",
    "price_per_t",
    "available_from",
    "location_country",
    "location_place",
    "product_name",
    "caliper_um",
    "grain",
    "pallet_count",
    "sheet_count",
    "surplus_reason",
    "defects",
    "certification",
)
JSON = dict[str, Any]  # the border: files that people write by hand


@dataclass(frozen=True, slots=True)
class SampleList:
    """A list, who sent it, and what it means."""

    name: str
    content: bytes
    file_name: str
    mill: MillContext
    expected: JSON


def sample_lists() -> list[SampleList]:
    """Our own lists, and the shared collection where this machine has it."""
    return [*_of(ROOT / "samples", "lists/expected"), *_shared()]


def _shared() -> Iterator[SampleList]:
    folder = Path(os.environ.get("OFFCUT_SAMPLES", ROOT.parent / "shared" / "samples"))
    if folder.is_dir():
        yield from _of(folder, "expected/lists")


def _of(folder: Path, expected: str) -> Iterator[SampleList]:
    market = folder / "market.json"
    mills = {m["id"]: m for m in _json(market)["mills"]} if market.is_file() else {}
    for path in sorted((folder / expected).glob("*.json")):
        meaning = _json(path)
        source = folder / meaning["file"]
        mill = meaning["mill"] if isinstance(meaning.get("mill"), dict) else mills[meaning.get("mill", "kvarnholm")]
        content, name = source.read_bytes(), source.name
        if source.suffix == ".eml":
            message = email.message_from_bytes(content, policy=email.policy.default)
            body = message.get_body(("plain",))
            content, name = (body.get_content() if body else "").encode(), "body.txt"
        context = MillContext(mill["country"], mill["language"], mill.get("currency"), None)
        yield SampleList(path.stem, content, name, context, meaning)


def _json(path: Path) -> JSON:
    return cast(JSON, json.loads(path.read_text(encoding="utf-8")))


def differences(reading: ListReading, expected: JSON) -> list[str]:
    """Every way a reading is not what the list means; empty when it is."""
    found: list[str] = []
    lots = {(r.sheet, r.row): r for r in reading.rows if r.values is not None}
    meant: dict[tuple[str | None, int], JSON] = {(lot["sheet"], lot["row"]): lot for lot in expected["lots"]}
    found += [f"missing lot {key}" for key in meant.keys() - lots.keys()]
    found += [f"lot that is none {key}" for key in lots.keys() - meant.keys()]
    for key in meant.keys() & lots.keys():
        for field in COMPARED:
            got, want = _plain(getattr(lots[key].values, field)), meant[key].get(field)
            if not _same(got, want):
                found.append(f"{key} {field}: {got!r} instead of {want!r}")
        if list(lots[key].defaulted) != meant[key].get("defaulted", []):
            found.append(f"{key} defaulted: {lots[key].defaulted!r} instead of {meant[key].get('defaulted', [])!r}")
    return sorted(found) + _other_rows(reading, expected) + _facts(reading, expected["facts"])


def _other_rows(reading: ListReading, expected: JSON) -> list[str]:
    refused = [r for r in reading.rows if r.kind == "lot" and r.values is None]
    rejected = sorted(
        (str(p.sheet), p.row, p.field, p.code) for r in refused for p in r.problems if p.severity == "error"
    )
    meant = sorted((str(r["sheet"]), r["row"], r["field"], r["code"]) for r in expected["rejected"])
    kinds = {(r.sheet, r.row): _kind(r.kind) for r in reading.rows if r.kind != "lot" and r.kind != "text"}
    wanted = {(r["sheet"], r["row"]): _kind(r["kind"]) for r in expected["not_lots"]}
    if reading.kind == "text":
        kinds = {k: v for k, v in kinds.items() if v != "title" and k in wanted}
    warned = sorted(_spot(p) for p in all_warnings(reading) if p.code != "unusual")
    told = sorted((str(w["sheet"]), w["row"] or 0, w["field"] or "", w["code"]) for w in expected["warnings"])
    found = [] if rejected == meant else [f"rejected {rejected} instead of {meant}"]
    found += [] if kinds == wanted else [f"other rows {set(kinds.items()) ^ set(wanted.items())}"]
    return found + ([] if warned == told else [f"warnings {warned} instead of {told}"])


def all_warnings(reading: ListReading) -> list[Problem]:
    return [p for r in reading.rows for p in r.problems if p.severity == "warning"] + list(reading.warnings)


def _spot(problem: Problem) -> tuple[str, int, str, str]:
    return str(problem.sheet), problem.row or 0, problem.field or "", problem.code


def _facts(reading: ListReading, facts: JSON) -> list[str]:
    found: list[str] = []
    for name, got in (("encoding", reading.encoding), ("delimiter", reading.delimiter)):
        if name in facts and facts[name] != got:
            found.append(f"{name}: {got!r} instead of {facts[name]!r}")
    if reading.list_date is not None and "list_date" in facts and reading.list_date.isoformat() != facts["list_date"]:
        found.append(f"list_date: {reading.list_date} instead of {facts['list_date']}")
    stated = facts.get("stated_total_kg")
    total = sum(cast(dict[str, float], stated).values()) if isinstance(stated, dict) else stated
    if total is not None and (reading.stated_total_kg is None or abs(float(reading.stated_total_kg) - total) > 0.1):
        found.append(f"stated total: {reading.stated_total_kg} instead of {total}")
    return found


def _kind(kind: str) -> str:
    """An empty row between titles may hold a picture: title and blank count as one."""
    return "title" if kind == "blank" else kind


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return [str(v) for v in cast(tuple[object, ...], value)]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _same(got: object, want: object) -> bool:
    if isinstance(got, list):
        return sorted(cast(list[str], got)) == sorted(cast(list[str], want or []))
    if isinstance(got, float) and isinstance(want, int | float):
        return abs(got - want) <= 0.0051  # money is printed with two decimals
    return got == want
