"""Writes the sample lists of this repository and what they mean. The same bytes every time.

    python samples/make_samples.py

Every mill is invented. A lot is written down once, as what it means; the cells of the list are made from that.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import date

from openpyxl import Workbook
from written import HERE, Lot, Meaning, first_sheet, save_workbook

# ruff: noqa: E501 - one row of a table stays on one line, as in the list it becomes

More = Lot | tuple[str, str]  # what else a lot is, or the field and code of its rejection
SteinachRow = tuple[str, str, int, int | str, int, int, float, str, str, int | None, str, str, More]
BrineRow = tuple[
    str, str, str, int, tuple[str, int | None], tuple[str, int], int, int, int, str, str, int | None, str, More
]


def per_t(price: float | None, unit: str, factor: float) -> Lot:
    if price is None:
        return {}
    return {"price": price, "currency": "EUR", "price_unit": unit, "price_per_t": round(price * factor, 2)}


# German xlsx: the grade stands in section rows, names and units in two header rows, widths in cm, weights in t.
STEINACH: tuple[tuple[str, str, tuple[SteinachRow, ...]], ...] = (
    ("Testliner 3 braun", "TL_3", (
        ("ST-1001", "SteinLiner", 120, 2100, 1250, 4, 7.84, "I. Wahl", "PRIME", 545, "Steinach", "", {}),
        ("ST-1002", "SteinLiner", 135, 1875, 1250, 2, 3.91, "II. Wahl", "B", 498, "Steinach", "Kantenschaden", {"defects": ["EDGE_DAMAGE"]}),
        ("ST-1003", "SteinLiner", 110, 980, 1200, 6, 5.02, "A", "A", None, "Lager Linz (AT)", "Randrollen", {"surplus_reason": "SIDE_RUN"}),
        ("ST-1004", "SteinLiner", 110, "k.A.", 1200, 6, 5.02, "A", "A", 500, "Steinach", "", ("width_mm", "missing")),
    )),
    ("Wellenstoff", "FL_REC", (
        ("ST-1010", "SteinWelle", 100, 2450, 1400, 3, 8.9, "A", "A", 430, "Steinach", "Storno Kunde", {"surplus_reason": "CANCELLED"}),
        ("ST-1011", "SteinWelle", 105, 2200, 1400, 1, 2.75, "III", "C", 350, "Steinach", "Feuchte zu hoch", {"surplus_reason": "OFF_SPEC", "defects": ["MOISTURE"]}),
        ("ST-1012", "SteinWelle", 8000, 2200, 1400, 1, 2.75, "A", "A", 430, "Steinach", "", ("gsm", "out_of_range")),
    )),
)  # fmt: skip


# The week after, as the demo mails it: most of what was there, and a good deal more; one row of 25 cannot be read.
STEINACH_NEXT: tuple[tuple[str, str, tuple[SteinachRow, ...]], ...] = (
    ("Testliner 3 braun", "TL_3", (
        *STEINACH[0][2][:3],
        ("ST-1005", "SteinLiner", 115, 2450, 1250, 5, 11.62, "I. Wahl", "PRIME", 540, "Steinach", "", {}),
        ("ST-1006", "SteinLiner", 125, 2400, 1250, 3, 7.1, "A", "A", 520, "Steinach", "Überproduktion", {"surplus_reason": "OVERRUN"}),
        ("ST-1007", "SteinLiner", 140, 1650, 1200, 2, 3.05, "II. Wahl", "B", 480, "Steinach", "Hülse beschädigt", {"defects": ["CORE_DAMAGE"]}),
        ("ST-1008", "SteinLiner", 130, "125/98/75", 1200, 3, 4.4, "A", "A", 510, "Steinach", "", ("width_mm", "several_widths")),
    )),
    ("Testliner 2 braun", "TL_2", (
        ("ST-1020", "SteinLiner Plus", 125, 2450, 1250, 4, 9.3, "I. Wahl", "PRIME", 590, "Steinach", "", {}),
        ("ST-1021", "SteinLiner Plus", 135, 2100, 1250, 6, 12.48, "A", "A", 575, "Lager Linz (AT)", "", {}),
        ("ST-1022", "SteinLiner Plus", 150, 1980, 1250, 2, 4.02, "A", "A", None, "Steinach", "Randrollen", {"surplus_reason": "SIDE_RUN"}),
        ("ST-1023", "SteinLiner Plus", 170, 2300, 1400, 3, 8.6, "II. Wahl", "B", 520, "Steinach", "Kantenschaden", {"defects": ["EDGE_DAMAGE"]}),
        ("ST-1024", "SteinLiner Plus", 120, 1250, 1250, 8, 10.2, "A", "A", 560, "Steinach", "", {}),
    )),
    ("Wellenstoff", "FL_REC", (
        *STEINACH[1][2][:2],
        ("ST-1013", "SteinWelle", 100, 2500, 1400, 5, 15.1, "I. Wahl", "PRIME", 435, "Steinach", "", {}),
        ("ST-1014", "SteinWelle", 105, 2350, 1400, 4, 11.3, "A", "A", 428, "Steinach", "", {}),
        ("ST-1015", "SteinWelle", 112, 2400, 1400, 2, 5.8, "A", "A", None, "Lager Linz (AT)", "", {}),
        ("ST-1016", "SteinWelle", 95, 2100, 1250, 3, 6.9, "II. Wahl", "B", 395, "Steinach", "Feuchte zu hoch", {"surplus_reason": "OFF_SPEC", "defects": ["MOISTURE"]}),
        ("ST-1017", "SteinWelle", 90, 2480, 1400, 6, 17.9, "A", "A", 420, "Steinach", "", {}),
        ("ST-1018", "SteinWelle", 127, 2450, 1400, 1, 3.02, "A", "A", 410, "Steinach", "Storno Kunde", {"surplus_reason": "CANCELLED"}),
    )),
    ("Kraftliner weiß gedeckt", "KL_WHITETOP", (
        ("ST-1030", "SteinTop", 135, 2450, 1250, 4, 9.95, "I. Wahl", "PRIME", 790, "Steinach", "", {}),
        ("ST-1031", "SteinTop", 140, 2250, 1250, 3, 6.84, "A", "A", 770, "Steinach", "", {}),
        ("ST-1032", "SteinTop", 170, 2400, 1250, 2, 4.9, "A", "A", None, "Steinach", "Überproduktion", {"surplus_reason": "OVERRUN"}),
        ("ST-1033", "SteinTop", 125, 1100, 1250, 6, 6.3, "II. Wahl", "B", 690, "Lager Linz (AT)", "Kantenschaden", {"defects": ["EDGE_DAMAGE"]}),
        ("ST-1034", "SteinTop", 186, 2300, 1250, 2, 5.02, "III", "C", 600, "Steinach", "", {}),
    )),
)  # fmt: skip


def steinach(week: int, table: tuple[tuple[str, str, tuple[SteinachRow, ...]], ...]) -> None:
    name = f"steinach_restposten_kw{week}.xlsx"
    mill = {"country": "DE", "language": "de"}
    total = round(sum(row[6] for _, _, rows in table for row in rows), 3)
    meaning = Meaning(name, mill, {"list_date": "2026-11-18", "stated_total_kg": round(total * 1000, 1)})
    book = Workbook()
    sheet = first_sheet(book, "Restposten")
    sheet.append(["Papierfabrik Steinach GmbH"])
    sheet.append([f"Restposten KW {week}", None, None, None, None, None, None, None, "Stand:", date(2026, 11, 18)])
    sheet.append([])
    sheet.append(["Los-Nr.", "Bezeichnung", "Grammatur", "Breite", "Ø", "Hülse", "Rollen", "Menge", "Wahl", "Preis", "Lager", "Bemerkung"])  # fmt: skip
    sheet.append([None, None, "g/m²", "cm", "cm", "mm", "Stk.", "to", None, "EUR/to", None, None])
    for row, kind in ((1, "title"), (2, "title"), (3, "blank"), (4, "header"), (5, "header")):
        meaning.other(sheet.title, row, kind)
    row = 5
    for heading, code, lots in table:
        row += 1
        sheet.append([heading])
        meaning.other(sheet.title, row, "section")
        for ref, product, gsm, width, dia, reels, tonnes, word, grade_class, price, place, remark, more in lots:
            row += 1
            cells = [ref, product, gsm, width / 10 if isinstance(width, int) else width, dia / 10, 100, reels, tonnes, word]  # fmt: skip
            sheet.append([*cells, price if price else "auf Anfrage", place, remark or None])
            if isinstance(more, tuple):
                meaning.reject(sheet.title, row, field=more[0], code=more[1])
                continue
            meaning.lot(sheet.title, row, {
                "lot_ref": ref, "grade_code": code, "form": "reel", "gsm": gsm, "width_mm": width, "diameter_mm": dia,
                "core_mm": 100, "reel_count": reels, "weight_net_kg": round(tonnes * 1000, 1), "quality_class": grade_class,
                "location_country": "AT" if "(AT)" in place else "DE", "location_place": place, "product_name": product,
                **per_t(price, "per_t", 1), **more,
            })  # fmt: skip
        row += 1
        sheet.append(["Zwischensumme", *[None] * 6, round(sum(lot[6] for lot in lots), 3)])
        meaning.other(sheet.title, row, "subtotal")
    sheet.append(["Gesamt", *[None] * 6, total])
    sheet.append(["Irrtum und Zwischenverkauf vorbehalten."])
    meaning.other(sheet.title, row + 1, "total")
    meaning.other(sheet.title, row + 2, "footer")
    hidden = book.create_sheet("Kalkulation")
    hidden.append(["Los-Nr.", "Kosten"])
    hidden.sheet_state = "hidden"
    save_workbook(book, name)
    meaning.save()


# Semicolons, Windows code page, decimal commas; reels and sheets in one table; price per 100 kg.
MOORBACH = (
    ("70012", "Moorpak GD2", "WLC_GD2", 300, "720x1020 SB", (720, 1020, "long"), None, 3279.5, "IIa", "B", 63.3, ""),
    ("70015", "Moorpak Chromokarton GC1", "FBB_GC1", 255, "", (1260, 1200, 150), 3, 2871.0, "1a", "PRIME", 91.0, "Überproduktion"),
    ("70018", "Graukarton", "GREYBOARD", 1000, "610 x 860", (610, 860, None), None, 1120.5, "A", "A", None, "Farbton abweichend"),
    ("70021", "Moorpak spezial", "", 250, "700x1000", (700, 1000, None), None, 804.0, "A", "A", 55.0, ""),
    ("70024", "Hülsenkarton", "COREBOARD", 450, "", (720, 1400, 76), 2, 1546.0, "III", "C", 38.8, ""),
    ("70027", "Moorpak GD2", "WLC_GD2", 350, "720x", (720, None, None), None, 900.0, "A", "A", 60.0, ""),
)  # fmt: skip
REMARKS: dict[str, Lot] = {
    "Überproduktion": {"surplus_reason": "OVERRUN"},
    "Farbton abweichend": {"defects": ["SHADE"]},
}


def moorbach() -> None:
    name = "moorbach_restposten_2026-11-17.csv"
    total = sum(row[7] for row in MOORBACH)
    facts: dict[str, object] = {"encoding": "cp1252", "delimiter": ";", "list_date": "2026-11-17", "stated_total_kg": total}  # fmt: skip
    meaning = Meaning(name, {"country": "AT", "language": "de"}, facts)
    lines: list[list[str]] = [
        ["Kartonfabrik Moorbach; Verkauf"],
        ["Restposten vom 17.11.2026"],
        ["Partie", "Artikelbezeichnung", "Grammatur g/m²", "Breite mm", "Format mm", "Ø mm", "Hülse mm", "Rollen", "Nettogewicht kg", "Güte", "Preis EUR/100kg", "Bemerkung"],
    ]  # fmt: skip
    for row, kind in ((1, "title"), (2, "title"), (3, "header")):
        meaning.other(None, row, kind)
    for ref, words, code, gsm, size, measures, reels, weight, word, grade_class, price, remark in MOORBACH:
        reel = reels is not None
        reel_cells = [str(measures[0]), "", str(measures[1]), str(measures[2])] if reel else ["", size, "", ""]
        cells = [ref, words, str(gsm), *reel_cells, str(reels or ""), _comma(weight, 1), word]
        lines.append([*cells, _comma(price, 2) if price else "a.A.", remark])
        if not code:
            meaning.reject(None, len(lines), field="grade_code", code="unknown_grade")
        elif measures[1] is None:
            meaning.reject(None, len(lines), field="sheet_l_mm", code="bad_format")
        else:
            where = {"width_mm": measures[0], "diameter_mm": measures[1], "core_mm": measures[2], "reel_count": reels}
            flat = {"sheet_w_mm": measures[0], "sheet_l_mm": measures[1], "grain": measures[2]}
            meaning.lot(None, len(lines), {
                "lot_ref": ref, "grade_code": code, "form": "reel" if reel else "sheet", "gsm": gsm, "weight_net_kg": weight,
                "quality_class": grade_class, "location_country": "AT", "product_name": words,
                "defaulted": ["location_country"], **(where if reel else flat), **per_t(price, "per_100kg", 10),
                **REMARKS.get(remark, {}),
            })  # fmt: skip
    lines.append(["Summe", *[""] * 7, _comma(total, 1), "", "", ""])
    meaning.other(None, len(lines), "total")
    _write_csv(name, lines)
    meaning.save()


def _comma(number: float, places: int) -> str:
    return f"{number:,.{places}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _write_csv(name: str, lines: Iterable[Sequence[str]]) -> None:
    with (HERE / name).open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(lines)


# English, a sheet per warehouse, the unit in every cell, kg and lb side by side, the certificate in the grade.
BRINE: dict[str, tuple[BrineRow, ...]] = {
    "Mill": (
        ("B501", "LWC - FSC Mix Credit", "LWC", 60, ("96.5 CM", 965), ('3"', 76), 3, 3546, 7818, "A", "A", 660, "Brine, NO", {"certification": ["FSC"]}),
        ("B502", "SC-A PEFC", "SC_A", 52, ("2100 mm", 2100), ("150 mm", 150), 2, 5600, 12346, "prime", "PRIME", None, "Brine, NO", {"certification": ["PEFC"]}),
        ("B503", "Newsprint", "NEWS", 45, ("various", None), ('3"', 76), 1, 627, 1382, "B", "B", 495, "Brine, NO", ("width_mm", "not_a_number")),
        ("", "MFC", "MFC", 54, ("1575 mm", 1575), ("76 mm", 76), 3, 3467, 7643, "A", "A", 625, "Brine, NO", {}),
        ("", "MFC", "MFC", 54, ("1575 mm", 1575), ("76 mm", 76), 3, 3467, 7643, "A", "A", 625, "Brine, NO", {}),
    ),
    "Hull": (
        ("B520", "Improved newsprint", "NEWS_IMP", 55, ("157.5 CM", 1575), ("6\"", 152), 1, 791, 1990, "B", "B", 515, "Hull, UK", {}),
        ("B521", "MWC", "MWC", 80, ("1020 mm", 1020), ('3"', 76), 2, 2733, 6025, "C", "C", 580, "Hull, UK", {}),
        ("B522", "Kraft", "", 80, ("1020 mm", 1020), ('3"', 76), 2, 2733, 6025, "C", "C", 580, "Hull, UK", ("grade_code", "ambiguous_grade")),
    ),
}  # fmt: skip


def brine() -> None:
    name = "brine_stocklots_w47.xlsx"
    facts: dict[str, object] = {"stated_total_kg": {s: sum(r[7] for r in rows) for s, rows in BRINE.items()}}
    meaning = Meaning(name, {"country": "NO", "language": "en"}, facts)
    book = Workbook()
    for number, (title, lots) in enumerate(BRINE.items()):
        sheet = first_sheet(book, title) if number == 0 else book.create_sheet(title)
        sheet.append([f"Brine Paper AS - stocklots week 47 - {title}"])
        sheet.append(["Order", "Grade", "BW", "Width", "Core", "Rolls", "KGS", "Qty (LBS)", "A/B", "EUR/t", "Ex"])
        meaning.other(title, 1, "title")
        meaning.other(title, 2, "header")
        for row, lot in enumerate(lots, 3):
            ref, words, code, gsm, width, core, reels, kg, lb, word, grade_class, price, place, more = lot
            sheet.append([ref or None, words, f"{gsm} GSM", width[0], core[0], reels, f"{kg:,}", f"{lb:,}", word, price or "POR", place])  # fmt: skip
            if isinstance(more, tuple):
                meaning.reject(title, row, field=more[0], code=more[1])
                continue
            meaning.lot(title, row, {
                "lot_ref": ref or None, "grade_code": code, "form": "reel", "gsm": gsm, "width_mm": width[1],
                "core_mm": core[1], "reel_count": reels, "weight_net_kg": kg, "quality_class": grade_class,
                "location_country": "GB" if "UK" in place else "NO", "location_place": place.split(",")[0],
                **per_t(price, "per_t", 1), **more,
            })  # fmt: skip
        sheet.append(["TOTAL", *[None] * 5, f"{sum(lot[7] for lot in lots):,}"])
        meaning.other(title, len(lots) + 3, "total")
    meaning.warnings.append({"sheet": "Mill", "row": 7, "field": None, "code": "equal_row"})
    meaning.warnings.append({"sheet": "Hull", "row": 3, "field": "weight_net_kg", "code": "units_disagree"})
    save_workbook(book, name)
    meaning.save()


def main() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    steinach(47, STEINACH)
    steinach(48, STEINACH_NEXT)
    moorbach()
    brine()
    sys.stdout.write(f"sample lists written to {HERE}\n")


if __name__ == "__main__":
    main()
