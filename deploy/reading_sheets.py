"""A data sheet on the terminal: what it says, how sure that is, and where it stands in the PDF."""

from datetime import date
from decimal import Decimal

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.ingestion.datasheets import SheetReading, SheetValue
from services.ingestion.datasheets.pdf import read_pdf

SURE = 0.9
WIDTH_OF_FILES = 160  # what is piped somewhere is not cut to a terminal
_JSON: TypeAdapter[SheetReading] = TypeAdapter(SheetReading)


def read(content: bytes, *, today: date, as_json: bool) -> None:
    """Show a PDF; raises ``UnreadableSheet``."""
    reading = read_pdf(content, today=today)
    if as_json:
        typer.echo(_JSON.dump_json(reading, indent=2).decode())
    else:
        terminal = Console()
        show(terminal if terminal.is_terminal else Console(width=WIDTH_OF_FILES), reading)


def show(console: Console, reading: SheetReading) -> None:
    day = reading.revision_date.isoformat() if reading.revision_date else None
    facts = (
        reading.product,
        reading.grade_code,
        day,
        reading.language,
        "1 page" if reading.pages == 1 else f"{reading.pages} pages",
    )
    console.print(" · ".join(escape(str(fact)) for fact in facts if fact), style="bold")
    if reading.certifications:
        console.print(f"  {', '.join(one.value for one in reading.certifications)}")
    if reading.values:
        console.print(_values(reading))
    for one in reading.tolerances:
        console.print(f"  tolerance of {one.property}: {escape(one.value)} (page {one.page})")
    for doubt in dict.fromkeys((one.property, doubt) for one in reading.values for doubt in one.doubts):
        console.print(f"[yellow]look at[/yellow] {doubt[0]}: {escape(doubt[1])}")
    for doubt in reading.doubts:
        console.print(f"[magenta]a person decides[/magenta]: {escape(doubt)}")
    unsure = sum(1 for one in reading.values if one.confidence < SURE)
    console.print(f"{len(reading.values)} values, {unsure} not sure", style="bold")


def _values(reading: SheetReading) -> Table:
    """One row per property and direction, one column per grammage."""
    grammages = sorted({one.gsm for one in reading.values if one.gsm is not None})
    heads = [f"{gsm.normalize():f}" for gsm in grammages] or ["value"]
    title = "values by g/m²"
    table = Table("property", "", "standard", "unit", *heads, "tolerance", "sure", "page", title=title, box=None)
    for column in table.columns:
        column.no_wrap = True
    rows: dict[tuple[str, str | None], list[SheetValue]] = {}
    for one in reading.values:
        rows.setdefault((one.property, one.direction), []).append(one)
    for (name, direction), values in rows.items():
        by_gsm: dict[Decimal | None, str] = {one.gsm: f"{one.value.normalize():f}" for one in values}
        cells = [by_gsm.get(gsm, by_gsm.get(None, "–")) for gsm in grammages] or [by_gsm[values[0].gsm]]
        first, sure = values[0], min(one.confidence for one in values)
        shown = f"[yellow]{sure:.0%}[/yellow]" if sure < SURE else f"{sure:.0%}"
        table.add_row(
            name, direction or "", escape(first.standard or ""), first.unit, *cells, escape(first.tolerance or ""),
            shown, str(first.page),
        )  # fmt: skip
    return table
