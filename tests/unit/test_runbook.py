"""What the runbook tells an operator to look at and to type does exist."""

import re
from pathlib import Path

import typer.main
from prometheus_client import REGISTRY

from deploy.events import app
from services.ingestion.jobs import JOBS
from shared import metrics

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text("utf-8")


def test_metrics_when_the_runbook_names_them_then_there_are_such() -> None:
    assert metrics.exposition()
    known = {family.name for family in REGISTRY.collect()}
    named = {name.removesuffix("_total") for name in re.findall(r"\boffcut_[a-z_]+", RUNBOOK)}
    assert len(named) >= 6
    assert named <= known


def test_commands_when_the_runbook_shows_them_then_there_are_such() -> None:
    events = typer.main.get_command(app)
    shown = re.findall(r"bin/events ((?:dead )?[a-z]+)", RUNBOOK)
    assert len(shown) >= 6
    for words in shown:
        command, place = events, words.split()
        for word in place:
            found = getattr(command, "commands", {}).get(word)
            assert found is not None, words
            command = found


def test_jobs_when_the_runbook_runs_them_then_there_are_such() -> None:
    run = re.findall(r"bin/jobs run ingestion (\w+)", RUNBOOK)
    assert run
    assert set(run) <= {job.name for job in JOBS}


def test_sections_when_a_log_line_points_to_them_then_there_are_such() -> None:
    sources = "".join(path.read_text("utf-8") for path in sorted((ROOT / "shared").rglob("*.py")))
    pointed = re.findall(r"see '([^']+)' in docs/runbook\.md", sources)
    assert pointed
    assert [section for section in pointed if f"### {section}\n" not in RUNBOOK] == []
