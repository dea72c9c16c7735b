"""Metrics are named in one place, and the page that explains them is fresh."""

import re
from pathlib import Path

import httpx
import pytest

from deploy.layout import SERVICES
from deploy.metrics_page import DOCUMENT, every_metric, page
from deploy.routes import apps

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = [path for top in ("shared", "services", "gateway") for path in sorted((ROOT / top).rglob("*.py"))]


def test_metrics_when_made_then_only_in_one_place() -> None:
    making = re.compile(r"prometheus_client")
    assert [str(path.relative_to(ROOT)) for path in PRODUCT if making.search(path.read_text("utf-8"))] == [
        "shared/metrics.py"
    ]


def test_metrics_when_named_then_say_whose_they_are_and_what_they_count() -> None:
    for metric in every_metric():
        [family] = metric.describe()
        assert re.fullmatch(r"offcut_[a-z_]+", family.name)
        assert family.documentation


def test_page_when_metrics_change_then_is_written_anew() -> None:
    assert DOCUMENT.read_text("utf-8") == page(), "run: .venv/bin/python -m deploy.metrics_page"


@pytest.mark.parametrize("service", SERVICES)
async def test_api_when_asked_for_metrics_then_answers_prometheus(service: str) -> None:
    app = dict(apps())[service]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE offcut_events_numbered_total counter" in answer.text
