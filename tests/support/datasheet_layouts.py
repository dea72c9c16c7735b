"""Data sheets nobody gave us: the same truth drawn in many layouts, languages, units and decimal marks."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from textwrap import wrap

from tests.support.datasheet_pdf import Sheet, Table

Key = tuple[Decimal, str, str | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A property as the generator knows it. ``names`` by language; ``units``: spellings with canonical per unit."""

    name: str
    standard: str
    names: dict[str, tuple[str, ...]]
    units: tuple[tuple[str, str], ...]
    low: float
    high: float
    digits: int
    directions: tuple[str, ...] = ()


LANGUAGES = ("en", "de", "it", "es", "fr", "fi", "sv")
DIRECTIONS = {
    "MD": {"en": "MD", "de": "längs", "it": "longitudinale", "es": "longitudinal", "fr": "sens machine",
           "fi": "konesuunta", "sv": "längs"},
    "CD": {"en": "CD", "de": "quer", "it": "trasversale", "es": "transversal", "fr": "sens travers",
           "fi": "poikkisuunta", "sv": "tvärs"},
    "top": {"en": "top side", "de": "Oberseite", "it": "lato superiore", "es": "cara superior", "fr": "recto",
            "fi": "yläpuoli", "sv": "ovansida"},
    "reverse": {"en": "reverse", "de": "Rückseite", "it": "retro", "es": "reverso", "fr": "verso",
                "fi": "taustapuoli", "sv": "baksida"},
}  # fmt: skip
HEADS = {
    "en": ("Property", "Test method", "Unit", "Value"), "de": ("Eigenschaft", "Prüfnorm", "Einheit", "Wert"),
    "it": ("Caratteristica", "Norma", "Unità", "Valore"), "es": ("Propiedad", "Norma", "Unidad", "Valor"),
    "fr": ("Caractéristique", "Norme", "Unité", "Valeur"), "fi": ("Ominaisuus", "Menetelmä", "Yksikkö", "Arvo"),
    "sv": ("Egenskap", "Metod", "Enhet", "Värde"),
}  # fmt: skip
GRAMMAGE = Kind(
    "grammage", "ISO 536",
    {"en": ("Grammage", "Basis weight"), "de": ("Flächengewicht", "Flächenmasse"), "it": ("Grammatura",),
     "es": ("Gramaje",), "fr": ("Grammage",), "fi": ("Neliömassa",), "sv": ("Ytvikt",)},
    (("g/m²", "1"), ("g/m2", "1")), 40, 400, 0,
)  # fmt: skip
KINDS = (
    Kind("thickness", "ISO 534", {"en": ("Thickness", "Caliper"), "de": ("Dicke",), "it": ("Spessore",),
         "es": ("Espesor",), "fr": ("Épaisseur",), "fi": ("Paksuus",), "sv": ("Tjocklek",)},
         (("µm", "1"), ("mm", "1000")), 0, 0, 0),
    Kind("tensile", "ISO 1924-2", {"en": ("Tensile strength",), "de": ("Zugfestigkeit",),
         "it": ("Resistenza a trazione",), "es": ("Resistencia a la tracción",), "fr": ("Résistance à la traction",),
         "fi": ("Vetolujuus",), "sv": ("Dragstyrka",)}, (("kN/m", "1"), ("N/m", "0.001")), 1, 20, 1, ("MD", "CD")),
    Kind("tear", "ISO 1974", {"en": ("Tearing resistance", "Tear"), "de": ("Durchreißwiderstand",),
         "it": ("Lacerazione",), "es": ("Desgarro",), "fr": ("Déchirure",), "fi": ("Repäisylujuus",),
         "sv": ("Rivstyrka",)}, (("mN", "1"),), 200, 3000, 0, ("MD", "CD")),
    Kind("burst", "ISO 2758", {"en": ("Bursting strength",), "de": ("Berstfestigkeit",), "it": ("Scoppio",),
         "es": ("Estallido",), "fr": ("Éclatement",), "fi": ("Puhkaisulujuus",), "sv": ("Sprängstyrka",)},
         (("kPa", "1"), ("bar", "100")), 100, 900, 0),
    Kind("sct", "ISO 9895", {one: ("SCT",) for one in LANGUAGES}, (("kN/m", "1"),), 1, 8, 2, ("CD",)),
    Kind("moisture", "ISO 287", {"en": ("Moisture content", "Moisture"), "de": ("Feuchtigkeit", "Feuchte"),
         "it": ("Umidità",), "es": ("Humedad",), "fr": ("Humidité",), "fi": ("Kosteus",), "sv": ("Fukthalt",)},
         (("%", "1"),), 4, 9, 1),
    Kind("brightness", "ISO 2470-1", {"en": ("ISO brightness",), "de": ("Weiße R457",), "it": ("Grado di bianco R457",),
         "es": ("Blancura ISO",), "fr": ("Blancheur ISO",), "fi": ("Vaaleus ISO",), "sv": ("ISO-ljushet",)},
         (("%", "1"),), 60, 99, 1, ("top", "reverse")),
    Kind("cobb60", "ISO 535", {one: ("Cobb 60", "Cobb60") for one in LANGUAGES},
         (("g/m²", "1"),), 20, 90, 0, ("top",)),
    Kind("roughness_pps", "ISO 8791-4", {"en": ("PPS roughness",), "de": ("Rauigkeit PPS",), "it": ("Ruvidità PPS",),
         "es": ("Rugosidad PPS",), "fr": ("Rugosité PPS",), "fi": ("Karheus PPS",), "sv": ("Ytråhet PPS",)},
         (("µm", "1"),), 1, 7, 2, ("top",)),
    Kind("opacity", "ISO 2471", {"en": ("Opacity",), "de": ("Opazität",), "it": ("Opacità",), "es": ("Opacidad",),
         "fr": ("Opacité",), "fi": ("Opasiteetti",), "sv": ("Opacitet",)}, (("%", "1"),), 80, 99, 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sheet and what it means."""

    content: bytes
    meant: dict[Key, Decimal]
    layout: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    direction: str | None
    label: str
    standard: str
    unit: str
    cells: tuple[str, ...]


TURNED_COLUMNS = 6  # as many as fit beside each other
LAYOUTS = ("rows", "units in labels", "no units row", "turned", "cards", "limits", "values with units", "side by side")


def draw(seed: int, damage: str | None = None) -> Drawn:
    """One sheet; the same for the same seed. ``damage``: one of ``DAMAGES``, done to one of its rows."""
    chance = random.Random(seed)
    language = chance.choice(LANGUAGES)
    layout = LAYOUTS[seed % len(LAYOUTS)]
    several = chance.randint(2, 5)
    count = 1 if layout in ("limits", "values with units") else 2 if layout in ("cards", "side by side") else several
    grammages = sorted(chance.sample(range(45, 300, 5), count))
    chosen = chance.sample(KINDS, chance.randint(4, 7))
    meant: dict[Key, Decimal] = {(Decimal(gsm), "grammage", None): Decimal(gsm) for gsm in grammages}
    comma = language != "en"
    words, (unit, _) = chance.choice(GRAMMAGE.names[language]), chance.choice(GRAMMAGE.units)
    rows = [_Row("grammage", None, words, GRAMMAGE.standard, unit, tuple(str(gsm) for gsm in grammages))]
    for kind in chosen:
        for direction in kind.directions or (None,):
            rows.append(_row(chance, kind, direction, language, grammages, meant, comma=comma))
    if layout == "turned":
        meant = {
            key: value
            for key, value in meant.items()
            if key[1:] in [(row.name, row.direction) for row in rows[:TURNED_COLUMNS]]
        }
    if damage is not None:
        hurt = chance.randrange(1, min(len(rows), TURNED_COLUMNS))
        rows[hurt] = DAMAGES[damage](chance, rows[hurt])
    sheet = Sheet(f"Probe {seed}", "Kraftliner")
    _LAYOUT[layout](sheet, chance, language, rows)
    return Drawn(sheet.bytes(), meant, layout)


Damage = Callable[[random.Random, _Row], _Row]


def _without_direction(_: random.Random, row: _Row) -> _Row:
    label = row.label
    for spellings in DIRECTIONS.values():
        for word in spellings.values():
            label = label.replace(word, "")
    return replace(row, label=label.strip(" ,()"))


def _other_mark(_: random.Random, row: _Row) -> _Row:
    swap = str.maketrans(",.", ".,")
    return replace(row, cells=tuple(cell.translate(swap) for cell in row.cells))


def _without_a_cell(chance: random.Random, row: _Row) -> _Row:
    gone = chance.randrange(len(row.cells))
    return replace(row, cells=tuple("" if at == gone else cell for at, cell in enumerate(row.cells)))


DAMAGES: dict[str, Damage] = {
    "no unit": lambda chance, row: replace(row, unit=""),
    "another unit": lambda chance, row: replace(row, unit=chance.choice(("mN", "%", "kPa", "µm", "N", "s", "kN/m"))),
    "another method": lambda chance, row: replace(row, standard=chance.choice(("ISO 2471", "ISO 287", "ISO 9999"))),
    "a word nobody knows": lambda chance, row: replace(row, label=chance.choice(("Feeling", "Wert", "Printability"))),
    "no direction": _without_direction,
    "another decimal mark": _other_mark,
    "a cell missing": _without_a_cell,
    "notes at numbers": lambda chance, row: replace(row, cells=tuple(f"{cell} 1)" for cell in row.cells)),
}


def _row(
    chance: random.Random, kind: Kind, direction: str | None, language: str, grammages: Sequence[int],
    meant: dict[Key, Decimal], *, comma: bool,
) -> _Row:  # fmt: skip
    unit, factor = chance.choice(kind.units)
    cells: list[str] = []
    for gsm in grammages:
        number = gsm * chance.uniform(1.1, 1.6) if kind.name == "thickness" else chance.uniform(kind.low, kind.high)
        value = Decimal(f"{number:.{kind.digits}f}")
        written = value / Decimal(factor)
        meant[Decimal(gsm), kind.name, direction] = value
        text = f"{written.normalize():f}"
        cells.append(text.replace(".", ",") if comma else text)
    words = chance.choice(kind.names[language])
    if direction is not None:
        between = chance.choice((" ", ", ", " ("))
        words = f"{words}{between}{DIRECTIONS[direction][language]}{')' if between == ' (' else ''}"
    return _Row(kind.name, direction, words, kind.standard, unit, tuple(cells))


def _rows(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    property_, method, unit, _ = HEADS[language]
    head = [property_, method, unit, *rows[0].cells]
    body = [[row.label, row.standard, row.unit, *row.cells] for row in rows]
    _table(sheet, [head, *body], [60, 28, 18, *[15] * len(rows[0].cells)], ruled=chance.random() < 0.5)


def _units_in_labels(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    shape = chance.choice(("{}, {}", "{} [{}]", "{} ({})"))
    head = [HEADS[language][0], HEADS[language][1], *(f"{cell} g/m²" for cell in rows[0].cells)]
    body = [[shape.format(row.label, row.unit), row.standard, *row.cells] for row in rows[1:]]
    _table(sheet, [head, *body], [75, 28, *[18] * len(rows[0].cells)])


def _plain(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    body = [[f"{row.label}", row.unit, *row.cells] for row in rows]
    _table(sheet, body, [75, 18, *[15] * len(rows[0].cells)], pitch=chance.choice((4.5, 6, 8)))


def _turned(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    rows = rows[:TURNED_COLUMNS]
    labels = ["\n".join(wrap(row.label, 16, break_long_words=False)) for row in rows]
    two = chance.random() < 0.5
    units = [row.unit for row in rows]
    heads = [labels, units] if two else [[f"{label}\n{unit}" for label, unit in zip(labels, units, strict=True)]]
    body = [[row.cells[at] for row in rows] for at in range(len(rows[0].cells))]
    _table(sheet, [*heads, *body], [30] * len(rows))


def _cards(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    for at, gsm in enumerate(rows[0].cells):
        y = 60 + at * 85
        sheet.text(15, y - 8, f"Probe {gsm} g/m²", size=10)
        body = [[row.label, row.standard, f"{row.cells[at]} {row.unit}"] for row in rows]
        sheet.table(Table(body, [70, 30, 30], y=y, pitch=5))


def _side_by_side(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    for at in range(len(rows[0].cells)):
        body = [[row.label, row.unit, row.cells[at]] for row in rows]
        sheet.table(Table(body, [58, 14, 15], x=12 + 95 * at))


def _limits(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    property_, method, unit, value = HEADS[language]
    comma = language != "en"
    body: list[list[str]] = []
    for row in rows:
        written = row.cells[0].removesuffix(" 1)").replace(",", ".")
        if not written:
            body.append([row.label, row.standard, row.unit, "", "", ""])
            continue
        number = Decimal(written)
        low, high = (f"{(number * Decimal(by)).quantize(number)}" for by in ("0.9", "1.1"))
        low, high = (one.replace(".", ",") if comma else one for one in (low, high))
        body.append([row.label, row.standard, row.unit, low, row.cells[0], high])
    _table(sheet, [[property_, method, unit, "Min", value, "Max"], *body], [65, 28, 18, 18, 18, 18])


def _with_units(sheet: Sheet, chance: random.Random, language: str, rows: Sequence[_Row]) -> None:
    for at, row in enumerate(rows):
        glue = chance.choice((" ", ": "))
        sheet.text(15, 50 + 6 * at, f"{row.label}{glue}{row.cells[0]} {row.unit} ({row.standard})")


def _table(
    sheet: Sheet, rows: Sequence[Sequence[str]], widths: Sequence[float], *, ruled: bool = False, pitch: float = 6
) -> None:
    sheet.table(Table(rows, widths, ruled=ruled, pitch=pitch))


_LAYOUT = {
    "rows": _rows, "units in labels": _units_in_labels, "no units row": _plain, "turned": _turned, "cards": _cards,
    "limits": _limits, "values with units": _with_units, "side by side": _side_by_side,
}  # fmt: skip
