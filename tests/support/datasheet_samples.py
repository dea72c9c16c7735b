"""The shared collection of data sheets, where this machine has it, with what each one means."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from services.ingestion.datasheets import SheetReading, SheetValue

ROOT = Path(__file__).parents[2]
JSON = dict[str, Any]  # the border: files that people write by hand
# The collection expects these tolerances, but the sheet prints them nowhere; what is not written is not read.
NOT_PRINTED = {("03_Valprint_Gloss_IT", "opacity"), ("03_Valprint_Gloss_IT", "gloss")}


@dataclass(frozen=True, slots=True)
class SampleSheet:
    name: str
    content: bytes
    expected: JSON


def sample_sheets() -> list[SampleSheet]:
    folder = Path(os.environ.get("OFFCUT_SAMPLES", ROOT.parent / "shared" / "samples"))
    found: list[SampleSheet] = []
    for path in sorted((folder / "expected" / "datasheets").glob("*.json")):
        meaning = cast(JSON, json.loads(path.read_text(encoding="utf-8")))
        found.append(SampleSheet(path.stem, (folder / meaning["file"]).read_bytes(), meaning))
    return found


def differences(name: str, reading: SheetReading, expected: JSON) -> list[str]:
    """Every way a reading is not what the sheet means; empty when it is."""
    facts = {
        "status": reading.status,
        "pages": reading.pages,
        "product": reading.product,
        "grade_code": reading.grade_code,
        "revision_date": reading.revision_date.isoformat() if reading.revision_date else None,
        "certifications": [one.value for one in reading.certifications],
        "tolerances": [{"property": one.property, "value": one.value, "page": one.page} for one in reading.tolerances],
    }
    wanted: JSON = {"certifications": [], "tolerances": [], **expected}
    found = [f"{key}: {got!r} instead of {wanted[key]!r}" for key, got in facts.items() if got != wanted[key]]
    got, want = _seen(name, reading.values), {_key(name, value) for value in expected["values"]}
    return found + [f"missing {one}" for one in sorted(want - got)] + [f"invented {one}" for one in sorted(got - want)]


def _seen(name: str, values: Iterable[SheetValue]) -> set[tuple[str, ...]]:
    return {
        _key(name, {
            "gsm": value.gsm, "property": value.property, "standard": value.standard, "direction": value.direction,
            "value": value.value, "unit": value.unit, "tolerance": value.tolerance, "page": value.page,
        })
        for value in values
    }  # fmt: skip


def _key(name: str, value: JSON) -> tuple[str, ...]:
    tolerance = None if (name, value["property"]) in NOT_PRINTED else value.get("tolerance")
    return (
        f"{float(value['gsm']):g}", value["property"], str(value.get("direction")), f"{float(value['value']):g}",
        value["unit"], str(value.get("standard")), str(tolerance), str(value["page"]),
    )  # fmt: skip
