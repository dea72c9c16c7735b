"""How a mill may write its list: language, kind of file, marks, units, columns and what stands around them."""

# ruff: noqa: E501 - tables of spellings stay on one line

from dataclasses import dataclass, field
from random import Random

from tests.support.mill_words import LANGUAGES

_ENCODED = {"pl": ("utf-8", "utf-8-sig", "cp1250", "utf-16"), None: ("utf-8", "utf-8-sig", "cp1252", "utf-16")}


@dataclass(slots=True)
class Layout:
    """How a mill writes its list."""

    language: str
    kind: str
    mark: str
    group: str
    numbers_as_text: bool
    units: dict[str, str]
    price_unit: str
    unit_place: str  # header, row (below the names) or cell
    columns: list[str]
    sections: bool
    merged_grades: bool
    titles: int
    header_again: bool
    blank_rows: bool
    total: bool
    notes: bool
    shout: bool
    empty_columns: int
    delimiter: str
    encoding: str
    imperial: bool
    money_in_cells: bool  # "645,00 €/t" under a bare "Preis"
    gsm_in_grade: bool  # "Testliner 2 125 g/m2", without a column of its own
    words: dict[str, str] = field(default_factory=dict[str, str])

    def told(self) -> str:
        """For the one who has to find out why a list was read wrong."""
        return (
            f"{self.language} {self.kind} {self.encoding} {self.delimiter!r} mark {self.mark!r} group {self.group!r} text {self.numbers_as_text} "
            f"units {self.units} price {self.price_unit} in {self.unit_place}, sections {self.sections}, {self.columns}"
        )


def layout_of(rng: Random, *, sheets: bool) -> Layout:
    language = rng.choice(LANGUAGES)
    imperial = language == "en" and rng.random() < 0.35
    comma = language != "en"
    kind = rng.choice(("xlsx", "xlsx", "ods", "csv", "csv", "html", "text"))
    mark = "," if comma else "."
    delimiter = rng.choice((";", "\t", "|") if comma else (";", ",", "\t", "|"))
    units = {
        "gsm": rng.choice(("lb/3000ft2", "lb/msf")) if imperial else "g/m2",
        "width_mm": "in" if imperial else rng.choice(("mm", "mm", "cm", "cm", "m")),
        "diameter_mm": "in" if imperial else rng.choice(("mm", "cm")),
        "core_mm": "in" if imperial and rng.random() < 0.5 else "mm",
        "sheet_w_mm": "in" if imperial else rng.choice(("mm", "cm")),
        "weight_net_kg": rng.choice(("lb", "short_ton") if imperial else ("kg", "kg", "t")),
    }
    units["sheet_l_mm"] = units["sheet_w_mm"]
    per = ("per_short_ton", "per_cwt", "per_lb") if imperial else ("per_t", "per_t", "per_100kg", "per_kg")
    columns = _columns(rng, sheets=sheets)
    text_only = kind in ("csv", "html", "text")
    return Layout(
        language=language, kind=kind, mark=mark,
        group=rng.choice(("", ".", " ", "\u00a0") if comma else ("", ",", " ")),
        numbers_as_text=text_only or rng.random() < 0.25, units=units,
        price_unit="per_1000_sheets" if sheets and not imperial and rng.random() < 0.3 else rng.choice(per),
        unit_place=rng.choice(("header", "header", "row", "cell")) if kind != "text" else "header", columns=columns,
        sections=rng.random() < 0.25 and kind != "text", merged_grades=rng.random() < 0.15 and kind == "xlsx",
        titles=rng.randint(0, 12), header_again=rng.random() < 0.2 and kind != "text", blank_rows=rng.random() < 0.3,
        total=rng.random() < 0.5, notes=rng.random() < 0.4, shout=rng.random() < 0.15,
        empty_columns=rng.choice((0, 0, 1, 2)) if kind != "text" else 0, delimiter=delimiter,
        encoding=rng.choice(_ENCODED.get(language) or _ENCODED[None]), imperial=imperial,
        money_in_cells=rng.random() < 0.15, gsm_in_grade=rng.random() < 0.12 and not imperial,
    )  # fmt: skip


def _columns(rng: Random, *, sheets: bool) -> list[str]:
    needed = ["lot_ref", "grade_raw", "gsm", "weight_net_kg"]
    if sheets:
        needed += ["format"] if rng.random() < 0.7 else ["sheet_w_mm", "sheet_l_mm"]
        maybe = ["sheet_count", "quality_class", "price", "location_place", "certification", "remarks"]
    else:
        needed += ["width_mm", *(["diameter_core"] if rng.random() < 0.2 else ["diameter_mm", "core_mm"])]
        maybe = ["reel_count", "quality_class", "price", "location_place", "certification", "remarks"]
    columns = needed + [name for name in maybe if rng.random() < 0.8]
    if rng.random() < 0.5:
        head, tail = columns[:1], columns[1:]
        rng.shuffle(tail)
        columns = head + tail
    return columns
