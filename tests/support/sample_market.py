"""Markets to load into a running system: who trades, which lists are mailed, what they mean and whom they fit.

Our own market is always there; the larger one of the sample folder where this machine has it. What fits is decided
here once more, from the words of the samples and without a line of matching's code, so that both cannot be wrong alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import orjson

from shared.contracts.grades import FAMILY_OF
from tests.support.market import OWN, samples

JSON = Mapping[str, Any]  # the border: files that people write by hand
Place = tuple[str, str | None, int]  # file, sheet, row
CLASSES = ("PRIME", "A", "B", "C")


@dataclass(frozen=True)
class MailedList:
    """One list with what it means; ``expected`` is its file beside the lists."""

    file: Path
    mill: str
    expected: JSON

    @cached_property
    def lots(self) -> dict[Place, JSON]:
        return {(self.file.name, lot["sheet"], lot["row"]): lot for lot in self.expected["lots"]}

    @cached_property
    def rejected(self) -> set[tuple[str | None, int, str, str]]:
        """Sheet, row, field and code of every row that cannot be listed."""
        return {(row["sheet"], row["row"], row["field"], row["code"]) for row in self.expected["rejected"]}


@dataclass(frozen=True)
class SampleMarket:
    """A market file and the lists of its mills."""

    folder: Path
    content: JSON
    lists: tuple[MailedList, ...]
    blocks: tuple[tuple[str, str], ...]  # mill, buyer that it does not sell to

    def list_of(self, start: str) -> MailedList:
        return next(one for one in self.lists if one.file.name.startswith(start))

    def fitting(self, lists: tuple[MailedList, ...]) -> set[tuple[str, Place]]:
        """Requirement and lot of every match there should be."""
        blocked = set(self.blocks)
        return {
            (requirement["id"], place)
            for one in lists
            for place, lot in one.lots.items()
            for requirement in self.content["requirements"]
            if (one.mill, requirement["buyer"]) not in blocked and fits(requirement, lot, self.content["fx"]["per_eur"])
        }

    def buyer_of(self, requirement: str) -> str:
        return next(one["buyer"] for one in self.content["requirements"] if one["id"] == requirement)


def own_market() -> SampleMarket:
    """The small market of this repository."""
    content = _json(OWN / "market.json")
    blocks = tuple((mill["id"], buyer) for mill in content["mills"] for buyer in mill.get("blocks", []))
    return SampleMarket(OWN, content, tuple(_lists(OWN, "lists/expected", content)), blocks)


def larger_market() -> SampleMarket | None:
    """The market of the sample folder with its ten lists but the one that a later one replaces, if it is here."""
    folder = samples()
    if folder is None:
        return None
    content = _json(folder / "market.json")
    lists = tuple(one for one in _lists(folder, "expected/lists", content) if not one.file.name.startswith("01_"))
    return SampleMarket(folder, content, lists, (("saarwinkel", "rheinwell"),))


def _lists(folder: Path, expected: str, content: JSON) -> Iterator[MailedList]:
    mills = [str(mill["id"]) for mill in content["mills"]]
    for path in sorted((folder / expected).glob("*.json")):
        meaning = _json(path)
        file = folder / meaning["file"]
        if file.suffix != ".eml":
            given = meaning["mill"]
            mill = given if isinstance(given, str) else next(one for one in mills if file.name.startswith(one))
            yield MailedList(file, mill, meaning)


def _json(path: Path) -> JSON:
    return cast(JSON, orjson.loads(path.read_bytes()))


def fits(wanted: JSON, lot: JSON, per_eur: Mapping[str, float]) -> bool:
    """Whether a lot is what a requirement asks for: widths are asked of reels, formats of sheets."""
    return all(
        (
            lot["grade_code"] in wanted["grade_codes"] or FAMILY_OF[lot["grade_code"]] in wanted["families"],
            lot["form"] in wanted["product_forms"],
            _within(lot["gsm"], wanted["gsm"]),
            lot["quality_class"] in CLASSES[: CLASSES.index(wanted["quality_floor"]) + 1],
            lot["form"] == "sheet" or _within(lot["width_mm"], wanted["width_mm"]),
            lot["diameter_mm"] is None or _within(lot["diameter_mm"], wanted["diameter_mm"]),
            _within(lot["weight_net_kg"], wanted["weight_kg"]),
            lot["form"] == "sheet" or _can_be_cut(lot["width_mm"], wanted),
            lot["form"] == "reel" or _has_the_format(lot, wanted["sheet_mm"]),
            not wanted["core_mm"] or lot["core_mm"] is None or lot["core_mm"] in wanted["core_mm"],
            not wanted["ship_from_countries"] or lot["location_country"] in wanted["ship_from_countries"],
            set(wanted["certifications"]) <= set(lot.get("certification") or ()),
            wanted["accepted_defects"] is None or set(lot.get("defects") or ()) <= set(wanted["accepted_defects"]),
            _is_cheap_enough(lot, wanted["price_ceiling"], per_eur),
        )
    )


def _within(value: float | None, limits: JSON | None) -> bool:
    low, high = (limits.get("min"), limits.get("max")) if limits else (None, None)
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _can_be_cut(width: int | None, wanted: JSON) -> bool:
    cuts: list[int] = wanted["cut_widths_mm"]
    trim: int | None = wanted["max_trim_mm"]
    return not cuts or (
        width is not None and any(width >= cut and (trim is None or width % cut <= trim) for cut in cuts)
    )


def _has_the_format(lot: JSON, sheet: JSON | None) -> bool:
    if sheet is None:
        return True
    sides = lot["sheet_w_mm"], lot["sheet_l_mm"]
    if None in sides:
        return False
    trim = sheet["max_trim_mm"]
    return any(0 <= w - sheet["w"] <= trim and 0 <= l - sheet["l"] <= trim for w, l in (sides, sides[::-1]))  # noqa: E741


def _is_cheap_enough(lot: JSON, ceiling: JSON | None, per_eur: Mapping[str, float]) -> bool:
    if ceiling is None:
        return True
    if lot["price_per_t"] is None:  # on request: not a reason to keep it from anybody
        return True
    rates = {"EUR": 1.0, **per_eur}
    return lot["price_per_t"] / rates[lot["currency"]] <= ceiling["amount"] / rates[ceiling["currency"]]
