"""Our own data sheet, and the shared collection where this machine has it, with what each one means."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from services.ingestion.datasheets import SheetReading

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
    for home, expected in ((ROOT / "samples", "datasheets/expected"), (folder, "expected/datasheets")):
        for path in sorted((home / expected).glob("*.json")):
            meaning = cast(JSON, json.loads(path.read_text(encoding="utf-8")))
            found.append(SampleSheet(path.stem, (home / meaning["file"]).read_bytes(), meaning))
    return found


def plain(reading: SheetReading) -> JSON:
    """A reading as the API shows it."""
    return {
        "status": reading.status,
        "pages": reading.pages,
        "product": reading.product,
        "grade_code": reading.grade_code,
        "revision_date": reading.revision_date.isoformat() if reading.revision_date else None,
        "certifications": [one.value for one in reading.certifications],
        "tolerances": [{"property": one.property, "value": one.value, "page": one.page} for one in reading.tolerances],
        "values": [asdict(one) for one in reading.values],
    }


def differences(name: str, reading: JSON, expected: JSON) -> list[str]:
    """Every way a reading is not what the sheet means; empty when it is."""
    wanted: JSON = {"certifications": [], "tolerances": [], **expected}
    facts = [key for key in plain(SheetReading("no_text", 0)) if key != "values"]
    found = [f"{key}: {reading[key]!r} instead of {wanted[key]!r}" for key in facts if reading[key] != wanted[key]]
    got = {_key(name, value) for value in reading["values"]}
    want = {_key(name, value) for value in expected["values"]}
    return found + [f"missing {one}" for one in sorted(want - got)] + [f"invented {one}" for one in sorted(got - want)]


def _key(name: str, value: JSON) -> tuple[str, ...]:
    tolerance = None if (name, value["property"]) in NOT_PRINTED else value.get("tolerance")
    return (
        f"{float(value['gsm']):g}", value["property"], str(value.get("direction")), f"{float(value['value']):g}",
        value["unit"], str(value.get("standard")), str(tolerance), str(value["page"]),
    )  # fmt: skip
