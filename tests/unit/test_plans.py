"""Reading is cheap by itself: every GET of every service has a plan, and what only reads is known as such."""

import pytest
from fastapi.routing import APIRoute

from deploy.routes import apps
from shared.planned import Plannable
from shared.reading import only_reads


def test_routes_when_they_only_read_then_planned() -> None:
    """A route falls back to the framework's walk if it asks for a cookie, a body, or a dependency with ``yield``."""
    reading = [
        route
        for _, app in apps()
        for one in app.state.contract
        for route in one.routes
        if isinstance(route, APIRoute) and route.methods == {"GET"}
    ]
    assert len(reading) >= 40
    slow = [route.path for route in reading if not isinstance(route, Plannable) or route.planned() is None]
    assert not slow, "take coroutines, and parameters of path, query and headers only"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a FROM b WHERE updated_at > %(x)s",
        "\n  with found AS (SELECT 1) SELECT * FROM found",
        "SELECT a FROM offer ORDER BY shared_at",
    ],
)
def test_statement_when_it_only_reads_then_known(statement: str) -> None:
    assert only_reads(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a FROM b FOR UPDATE SKIP LOCKED",
        "SELECT a FROM b FOR KEY SHARE",
        "WITH gone AS (DELETE FROM b RETURNING a) SELECT a FROM gone",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT nextval('a')",
        "SELECT a INTO b FROM c",
        "SELECT 1; DROP TABLE b",
        "SELECT a FROM b WHERE c = 'in doubt; a transaction'",
        "SET LOCAL plan_cache_mode = auto",
        "insert into b values (1)",
        "MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING",
        "",
    ],
)
def test_statement_when_it_may_do_more_then_not_taken_for_reading(statement: str) -> None:
    assert not only_reads(statement.encode())
