"""`bin/bench <case>`: measure the system beside its peers, in one run, and say the ratios."""

from typing import Annotated

import typer

from bench import bus as bus_case
from bench import http as http_case
from bench import ingestion as ingestion_case
from bench import login as login_case
from bench import memory as memory_case
from bench.table import Report

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line instead of a table.")]


@app.command()
def bus(
    events: Annotated[int, typer.Option(min=1000, help="Events per run; Celery gets a tenth of them.")] = 30_000,
    part: Annotated[list[str] | None, typer.Option(help=f"Only these: {' '.join(bus_case.PARTS)}.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Also drain a backlog of a million events.")] = False,
    as_json: AsJson = False,
) -> None:
    """Outbox row to effect row: throughput, latency, backlogs; beside the raw statements, pgbench and Celery."""
    wanted = part or list(bus_case.PARTS)
    if unknown := [name for name in wanted if name not in bus_case.PARTS]:
        raise typer.BadParameter(f"no part is called {', '.join(unknown)}; there are: {' '.join(bus_case.PARTS)}")
    report = Report("event backbone", as_json=as_json)
    bus_case.measure(report, parts=wanted, events=events, full=full)
    report.end()


@app.command()
def memory(as_json: AsJson = False) -> None:
    """All Python processes of the running system beside Django, gunicorn and Celery; processor time of idle workers."""
    report = Report("idle memory", as_json=as_json)
    memory_case.measure(report)
    report.end()


@app.command()
def login(as_json: AsJson = False) -> None:
    """What signing in costs others, whether its time tells who exists, and how soon ended rights end everywhere."""
    report = Report("sign-in", as_json=as_json)
    login_case.measure(report)
    report.end()


@app.command()
def http(
    connections: Annotated[list[int] | None, typer.Option(min=1, help="Only so many at a time.")] = None,
    as_json: AsJson = False,
) -> None:
    """One lot and a list of 50 of 100,000: direct, by the gateway, behind nginx, and by Django and gunicorn."""
    report = Report("request path", as_json=as_json)
    http_case.measure(report, connections=connections or http_case.CONNECTIONS)
    report.end()


@app.command()
def ingestion(
    rows: Annotated[list[int] | None, typer.Option(min=100, help="Only lists of so many rows.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help=f"Only these: {' '.join(ingestion_case.lists.KINDS)}.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Medians of so many.")] = ingestion_case.ROUNDS,
    as_json: AsJson = False,
) -> None:
    """Lists of 10,000 and 100,000 rows, until they are stored: by us, by pandas and Django, by a decoder and COPY."""
    kinds = kind or list(ingestion_case.lists.KINDS)
    if unknown := [name for name in kinds if name not in ingestion_case.lists.KINDS]:
        raise typer.BadParameter(f"no list is of kind {', '.join(unknown)}")
    report = Report("reading lists", as_json=as_json)
    ingestion_case.measure(report, sizes=rows or ingestion_case.SIZES, kinds=kinds, rounds=rounds)
    report.end()


if __name__ == "__main__":
    app()
