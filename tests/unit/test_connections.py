"""The budget of connections to PostgreSQL: docs/adr/0006-a-budget-of-connections.md."""

import importlib
import re
from pathlib import Path
from typing import cast

import pytest

from deploy.layout import SERVICES
from shared.config import ServiceSettings

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(path for top in ("shared", "services", "gateway") for path in (ROOT / top).rglob("*.py"))
# What stock PostgreSQL leaves to those who are no superuser, less five for migrations, bin/events and psql.
ALLOWED = {"development": 80, "production": 100 - 3 - 5}
WORST = {"development": 64, "production": 92}
# Who opens a connection outside a pool, and in which kind of process.
OUTSIDE_POOLS = {"shared/locks.py": "worker", "gateway/ear.py": "api of the gateway"}


def settings_of(service: str) -> type[ServiceSettings]:
    home = "gateway" if service == "gateway" else f"services.{service}"
    module = importlib.import_module(f"{home}.settings")
    return cast(type[ServiceSettings], getattr(module, f"{service.title()}Settings"))


def apis_in(environment: str) -> int:
    """How many APIs of each service PM2 starts."""
    found = re.search(r"apis: (\d+)", (ROOT / f"deploy/{environment}.js").read_text("utf-8"))
    assert found is not None
    return int(found.group(1))


def worst_case(environment: str) -> int:
    """Connections when every pool is full."""
    apis, total = apis_in(environment), 0
    for service in SERVICES:
        fields = settings_of(service).model_fields
        total += apis * int(fields["api_pool_size_max"].default)
        total += int(fields["worker_pool_size_max"].default) + 1  # locks and LISTEN
    return total + apis  # the gateway's ear


@pytest.mark.parametrize("environment", sorted(ALLOWED))
def test_connections_when_every_pool_is_full_then_within_the_budget(environment: str) -> None:
    assert worst_case(environment) <= ALLOWED[environment]


@pytest.mark.parametrize("environment", sorted(WORST))
def test_connections_when_a_pool_changes_then_the_documents_do_too(environment: str) -> None:
    assert worst_case(environment) == WORST[environment], "say the new number here, in shared/config.py and in ADR 6"
    for place in ("shared/config.py", "docs/adr/0006-a-budget-of-connections.md"):
        assert re.search(rf"\b{WORST[environment]}\b", (ROOT / place).read_text("utf-8")), place


def test_connections_when_opened_outside_a_pool_then_counted_here() -> None:
    opened = {
        path.relative_to(ROOT).as_posix(): len(re.findall(r"\.session\(\)", path.read_text("utf-8")))
        for path in PRODUCT
    }
    assert {path for path, times in opened.items() if times} == set(OUTSIDE_POOLS)
    assert set(opened.values()) == {0, 1}


def test_pools_when_a_process_makes_one_then_it_is_one_of_the_counted() -> None:
    makers = {
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT
        if re.search(r"\bDatabase\($", path.read_text("utf-8"), re.M)
    }
    one_off = {
        path.relative_to(ROOT).as_posix()
        for path in PRODUCT
        if re.search(r"\bDatabase\(.*size_max=1\)", path.read_text())
    }
    assert makers == {"shared/service.py", "shared/worker.py"}
    assert one_off == {"gateway/accounts.py"}
    connects = [path.relative_to(ROOT).as_posix() for path in PRODUCT if "AsyncConnection.connect(" in path.read_text()]
    assert connects == ["shared/db.py"]
