"""Reads one surplus list, or one data sheet, and shows on the terminal what it means. Changes nothing, needs no server.

bin/offcut-read list.xlsx --country DE
bin/offcut-read list.csv --country AT --language de --json > list.json
bin/offcut-read datasheet.pdf
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy import reading_sheets
from services.ingestion.datasheets import UnreadableSheet
from services.ingestion.parsing import ListReading, MillContext, UnreadableFile, read_list

SHOWN = (
    "row",
    "lot",
    "grade",
    "g/m²",
    "size mm",
    "Ø/core",
    "reels",
    "kg",
    "class",
    "price/t",
    "place",
    "reason, defects",
)
_JSON: TypeAdapter[ListReading] = TypeAdapter(ListReading)


def main(
    file: Annotated[Path, typer.Argument(help="xlsx, xls, ods, csv, html, the text of a mail, or a data sheet as pdf")],
    country: Annotated[str, typer.Option(help="the mill's country, for lots that do not say where they are")] = "DE",
    language: Annotated[str | None, typer.Option(help="the mill's language, where the list does not tell")] = None,
    currency: Annotated[str | None, typer.Option(help="the mill's currency, where prices name none")] = None,
    today: Annotated[datetime | None, typer.Option(help="the day to read as, for dates")] = None,
    rows: Annotated[int, typer.Option(help="how many lots to show", min=0)] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="everything, for a program")] = False,
) -> None:
    """Show what a surplus list means: its shape, columns, lots and problems; or what a data sheet says."""
    console = Console()
    mill = MillContext(country.upper(), language, currency)
    day = today.date() if today else datetime.now(UTC).date()
    try:
        content = file.read_bytes()
        if content.startswith(b"%PDF"):
            reading_sheets.read(content, today=day, as_json=as_json)
            return
        reading = read_list(content, file_name=file.name, mill=mill, today=day)
    except (UnreadableFile, UnreadableSheet, OSError) as refused:
        Console(stderr=True).print(f"[red]{refused}[/red]")
        raise typer.Exit(1) from refused
    if as_json:
        typer.echo(_JSON.dump_json(reading, indent=2).decode())
        return
    show(console, reading, limit=rows)


def show(console: Console, reading: ListReading, *, limit: int) -> None:
    lots = [r for r in reading.rows if r.values is not None]
    rejected = [r for r in reading.rows if r.kind == "lot" and r.values is None]
    day = reading.list_date.isoformat() if reading.list_date else None
    facts = (reading.kind, reading.encoding, reading.delimiter and repr(reading.delimiter), reading.language, day)
    console.print(" · ".join(str(f) for f in facts if f), style="bold")
    for sheet in reading.sheets:
        where = ", ".join(str(r) for r in sheet.header_rows)
        note = "hidden" if sheet.hidden else f"header in row {where}, {sheet.lots} lots" if where else "no list"
        console.print(f"  {escape(sheet.name or 'list')}: {note}")
    console.print(_columns(reading))
    console.print(_lots(reading, limit))
    if len(lots) > limit:
        console.print(f"  … and {len(lots) - limit} lots more", style="dim")
    for row in rejected:
        for problem in row.problems:
            console.print(
                f"[red]rejected[/red] {_spot(row.sheet, row.row)}: {escape(problem.message)}{_hint(problem.suggestion)}"
            )
    for row in lots:
        for problem in row.problems:
            console.print(f"[yellow]look at[/yellow] {_spot(row.sheet, row.row)}: {escape(problem.message)}")
    for problem in reading.warnings:
        console.print(f"[yellow]list[/yellow]: {escape(problem.message)}")
    for problem in reading.review_reasons:
        console.print(f"[magenta]a person decides[/magenta]: {escape(problem.message)}")
    total = sum(r.values.weight_net_kg for r in lots if r.values is not None)
    stated = f", the list says {reading.stated_total_kg:,f} kg" if reading.stated_total_kg is not None else ""
    console.print(f"{len(lots)} lots, {len(rejected)} rejected, {total:,} kg{stated}", style="bold")


def _columns(reading: ListReading) -> Table:
    table = Table("column", "is", "unit", "sure", "cells", title="columns", title_justify="left", box=None)
    for column in reading.columns:
        sure = f"{column.confidence:.0%}" if column.field else ""
        table.add_row(
            escape(column.header), column.field or "–", column.unit or "", sure, escape(" | ".join(column.samples[:3]))
        )
    return table


def _lots(reading: ListReading, limit: int) -> Table:
    table = Table(*SHOWN, title="lots", title_justify="left", box=None)
    for row in [r for r in reading.rows if r.values is not None][:limit]:
        lot = row.values
        if lot is None:
            continue
        size = str(lot.width_mm) if lot.width_mm else f"{lot.sheet_w_mm} x {lot.sheet_l_mm}"
        reel = f"{lot.diameter_mm or '–'}/{lot.core_mm or '–'}" if lot.diameter_mm or lot.core_mm else ""
        price = f"{lot.price_per_t:,f} {lot.currency}" if lot.price_per_t is not None else "on request"
        words = ", ".join(
            [*([lot.surplus_reason.value] if lot.surplus_reason else []), *(d.value for d in lot.defects)]
        )
        place = f"{lot.location_place or ''} {lot.location_country}".strip()
        table.add_row(
            str(row.row), escape(lot.lot_ref or "–"), lot.grade_code, f"{lot.gsm:f}", size, reel,
            str(lot.reel_count or ""), f"{lot.weight_net_kg:,f}", lot.quality_class.value, price, escape(place), words,
        )  # fmt: skip
    return table


def _spot(sheet: str | None, row: int) -> str:
    return f"{escape(sheet)}, row {row}" if sheet else f"row {row}"


def _hint(suggestion: str | None) -> str:
    return f" ({suggestion}?)" if suggestion else ""


if __name__ == "__main__":
    typer.run(main)
