"""Writes the sample data sheet of this repository and what it means. The same bytes every time.

    python samples/make_datasheet.py

The mill is invented. What a value means is written down once; the cells of the sheet are made from that.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

HERE = Path(__file__).parent / "datasheets"
NAME = "steinach_steinliner_3"
TITLE = "Steinliner 3"
GRAMMAGES = (110, 120, 140)
# property, what the mill calls it, method, unit, direction, tolerance, values
ROWS = (
    ("grammage", "Flächengewicht", "ISO 536", "g/m²", None, "± 4 %", (110, 120, 140)),
    ("thickness", "Dicke", "ISO 534", "µm", None, None, (165, 180, 210)),
    ("burst", "Berstfestigkeit", "ISO 2758", "kPa", None, "min -10 %", (220, 240, 280)),
    ("sct", "SCT quer", "ISO 9895", "kN/m", "CD", None, (1.6, 1.75, 2.05)),
    ("tensile", "Zugfestigkeit längs", "ISO 1924-2", "kN/m", "MD", None, (6.4, 7, 8.2)),
    ("tensile", "Zugfestigkeit quer", "ISO 1924-2", "kN/m", "CD", None, (2.6, 2.8, 3.3)),
    ("cobb60", "Cobb 60, Oberseite", "ISO 535", "g/m²", "top", None, (40, 40, 40)),
    ("moisture", "Feuchte", "ISO 287", "%", None, "± 1", (7.5, 7.5, 8)),
)


def german(number: float) -> str:
    return f"{number:g}".replace(".", ",")


def draw() -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime(2026, 2, 9, tzinfo=UTC))
    pdf.add_page()

    def text(x: float, y: float, said: str, *, size: float = 8) -> None:
        pdf.set_font("Helvetica", size=size)
        pdf.text(x, y, said.replace("–", "-"))

    text(15, 22, TITLE, size=20)
    text(15, 30, "Testliner 3, braun, aus Altpapier. FSC Recycled 100 %.")
    heads = ("Eigenschaft", "Norm", "Einheit", *map(str, GRAMMAGES), "Toleranz")
    places = (15, 65, 95, 115, 130, 145, 162)
    for number, (_, label, standard, unit, _, tolerance, values) in enumerate(
        (("", "", "", "", None, None, ()), *ROWS)
    ):
        cells = (label, standard, unit, *map(german, values), (tolerance or "").replace(".", ","))
        for x, cell in zip(places, cells if number else heads, strict=True):
            text(x, 45 + 6 * number, cell)
    text(15, 110, "Stand: 09.02.2026")
    return bytes(pdf.output())


def meaning() -> dict[str, object]:
    values: list[dict[str, object]] = []
    for column, gsm in enumerate(GRAMMAGES):
        for name, _, standard, unit, direction, tolerance, numbers in ROWS:
            one: dict[str, object] = {"gsm": gsm, "property": name, "standard": standard, "value": numbers[column]}
            more = {"unit": unit, "direction": direction, "tolerance": tolerance, "page": 1}
            values.append(one | {key: said for key, said in more.items() if said is not None})
    return {
        "file": f"datasheets/{NAME}.pdf", "mill": "steinach", "language": "de", "pages": 1, "status": "values",
        "product": TITLE, "grade_code": "TL_3", "revision_date": "2026-02-09", "certifications": ["FSC"],
        "values": values,
    }  # fmt: skip


def main() -> None:
    (HERE / "expected").mkdir(parents=True, exist_ok=True)
    (HERE / f"{NAME}.pdf").write_bytes(draw())
    text = json.dumps(meaning(), ensure_ascii=False, indent=1)
    (HERE / "expected" / f"{NAME}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
