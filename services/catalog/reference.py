"""The words of the trade as data: read once, served as one document."""

import hashlib
from pathlib import Path
from typing import Any

import orjson

from shared.contracts.types import Certification, Form, Grain, ItemStatus, PriceUnit

_DATA = Path(__file__).parent / "data"
GRADES: list[dict[str, str]] = orjson.loads((_DATA / "grades.json").read_bytes())
GRADE_CODES = frozenset(grade["code"] for grade in GRADES)

DOCUMENT: dict[str, Any] = {
    "grades": GRADES,
    **orjson.loads((_DATA / "trade.json").read_bytes()),
    "forms": list(Form),
    "grains": list(Grain),
    "certifications": list(Certification),
    "price_units": list(PriceUnit),
    "item_statuses": list(ItemStatus),
}
BODY = orjson.dumps(DOCUMENT)
TAG = f'"{hashlib.sha256(BODY).hexdigest()[:16]}"'
