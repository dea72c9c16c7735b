"""Reads markets (mills, buyers, requirements, rates) and the lots that sample lists stand for.

The sample folder beside the checkout, or the one ``OFFCUT_SAMPLES`` names, is read where it is present; our own market
is ``samples/market.json``.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.matching.domain.model import Rates
from services.matching.schemas import RequirementBody
from shared.contracts.catalog import ItemSnapshot, ItemStatus
from shared.contracts.types import LotValues

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "samples"
_NAMESPACE = UUID("6f2f9a0e-6a52-4d6c-9a5e-0f6cf1c0ffee")
_LOT = TypeAdapter(LotValues)


def samples() -> Path | None:
    """The folder of the larger samples, or ``None`` where there is none."""
    named = os.environ.get("OFFCUT_SAMPLES")
    candidates = [Path(named)] if named else [ROOT.parent / "shared/samples"]
    return next((path for path in candidates if (path / "market.json").is_file()), None)


def id_of(name: str) -> UUID:
    """A steady id for a name of the samples."""
    return uuid5(_NAMESPACE, name)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Organization(_Loose):
    """A mill or buyer of a market; ``kind`` is a buyer's trade."""

    id: str
    name: str
    country: str
    kind: str | None = None
    trusted: bool = False
    blocks: list[str] = []


class _Fx(_Loose):
    date: date
    per_eur: dict[str, Decimal]


class _Market(_Loose):
    today: date
    fx: _Fx
    mills: list[Organization]
    buyers: list[Organization]
    requirements: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class SampleRequirement:
    """A requirement of a market, in the shape the API takes."""

    id: str
    buyer: str
    body: RequirementBody


@dataclass(frozen=True, slots=True)
class Market:
    today: date
    rates: Rates
    mills: Sequence[Organization]
    buyers: Sequence[Organization]
    requirements: Sequence[SampleRequirement]


@dataclass(frozen=True, slots=True)
class SampleLot:
    """A lot of a list; ``place`` is where it stands: file, sheet, row."""

    mill: str
    place: tuple[str, str | None, int]
    values: LotValues

    @property
    def item_id(self) -> UUID:
        return id_of("/".join(map(str, self.place)))

    def snapshot(self, *, version: int = 1, listing_cycle: int = 1) -> ItemSnapshot:
        """The lot as catalog tells of it."""
        return ItemSnapshot(
            item_id=self.item_id,
            lot_key="/".join(map(str, self.place)),
            mill_id=id_of(self.mill),
            version=version,
            listing_cycle=listing_cycle,
            status=ItemStatus.AVAILABLE,
            values=self.values,
            listed_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        )


def market(folder: Path) -> Market:
    """The market of a folder."""
    read = _Market.model_validate(orjson.loads((folder / "market.json").read_bytes()))
    requirements = [
        SampleRequirement(
            id=one["id"],
            buyer=one["buyer"],
            body=RequirementBody.model_validate(
                {key: value for key, value in one.items() if key not in ("id", "buyer")}
            ),
        )
        for one in read.requirements
    ]
    rates = Rates(dated=read.fx.date, per_eur=read.fx.per_eur)
    return Market(today=read.today, rates=rates, mills=read.mills, buyers=read.buyers, requirements=requirements)


def lots(folder: Path, *names: str) -> Iterator[SampleLot]:
    """The lots that the expected files of these names hold; without names, of all lists but the replaced 01.

    The larger samples name the mill in each file; of our own lists the file name begins with it.
    """
    inner = folder / "lists/expected"
    for path in sorted((inner if inner.is_dir() else folder / "expected/lists").glob("*.json")):
        wanted = any(path.name.startswith(name) for name in names) if names else not path.name.startswith("01_")
        if wanted:
            read = orjson.loads(path.read_bytes())
            mill = read["mill"] if isinstance(read["mill"], str) else path.name.partition("_")[0]
            for lot in read["lots"]:
                given: dict[str, Any] = {"sheet": None, **lot}
                place = (Path(read["file"]).name, given.pop("sheet"), int(given.pop("row")))
                yield SampleLot(mill=mill, place=place, values=_LOT.validate_python(given))


def expected_pairs(folder: Path, files: set[str]) -> set[tuple[str, tuple[str, str | None, int]]]:
    """What fits, as requirement and place of the lot, restricted to these files."""
    read = orjson.loads((folder / "expected/matches.json").read_bytes())
    return {
        (one["requirement"], (Path(lot["file"]).name, lot["sheet"], lot["row"]))
        for one in read["requirements"]
        for lot in one["lots"]
        if Path(lot["file"]).name in files
    }
