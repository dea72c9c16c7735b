"""The walls of the house. Each rule carries its reason; ``# wall: <reason>`` on the line lets one through."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ingestion", "catalog", "matching", "exclusivity", "newsletter")
PRODUCT = sorted(path for top in ("shared", "services", "gateway") for path in (ROOT / top).rglob("*.py"))
ALL = sorted([*PRODUCT, *(path for top in ("deploy", "tests", "bench") for path in (ROOT / top).rglob("*.py"))])
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base_utils"}
LINES_MAX, FUNCTION_LINES_MAX = 300, 70
SQL = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH \w+ AS|COPY|LOCK TABLE)\b[\s\S]*\s", re.MULTILINE)
# What can end a test red: an assert, an expected error, a wait with a deadline, a check in a function named so.
CHECK = re.compile(r"\bassert\b|\braises\(|\buntil(_sync)?\(|\bwait_for\(|\bcheck_\w+\(|\bproblem\(|\.runTest\(")
SKIPS = ("pytest.skip(", "mark.skip", "mark.xfail", "importorskip(")
ROOMS = ("settings", "schemas", "errors", "main", "worker", "jobs", "handlers")


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def owner(name: str) -> str | None:
    """The service a module belongs to; ``None`` for shared and others."""
    parts = name.split(".")
    if parts[0] == "gateway":
        return "gateway"
    return parts[1] if parts[0] == "services" and len(parts) > 1 else None


def excused(path: Path, line: int) -> bool:
    return "# wall: " in path.read_text("utf-8").splitlines()[line - 1]


def test_imports_when_crossing_a_wall_then_refused() -> None:
    """Services meet in events only; shared knows no service; nobody ships what tests need."""
    wrong: list[str] = []
    for path in PRODUCT:
        mine = owner(module(path))
        for line, name in imports(path):
            theirs = owner(name)
            if name.partition(".")[0] == "tests" or (theirs is not None and theirs != mine and not excused(path, line)):
                wrong.append(f"{module(path)}:{line} imports {name}")
    assert not wrong


def test_contracts_when_importing_then_only_themselves_and_pydantic() -> None:
    """The contracts are read by everybody: they must not pull machinery in."""
    allowed = ("shared.contracts", "pydantic", "dataclasses", "datetime", "decimal", "enum", "typing", "uuid",
               "collections")  # fmt: skip
    wrong = [
        f"{module(path)} imports {name}"
        for path in sorted((ROOT / "shared/contracts").glob("*.py"))
        for _, name in imports(path)
        if not name.startswith(allowed)
    ]
    assert not wrong


def test_domain_when_importing_then_no_io_and_no_clock() -> None:
    """Decisions are pure: they can be tested without a database and without waiting."""
    bad = ("asyncio", "psycopg", "redis", "fastapi", "httpx", "aiohttp", "shared.db", "shared.outbox", "time")
    wrong: list[str] = []
    for path in PRODUCT:
        parts = path.relative_to(ROOT).parts
        if "domain.py" in parts or "domain" in parts:
            text = path.read_text("utf-8")
            wrong += [f"{module(path)}:{line} imports {name}" for line, name in imports(path) if name.startswith(bad)]
            wrong += [f"{module(path)} reads the clock" for word in (".now(", ".today(", ".utcnow(") if word in text]
            wrong += [f"{module(path)} has async" for _ in re.findall(r"^\s*async def", text, re.MULTILINE)]
    assert not wrong


def test_files_when_too_long_then_split_by_noun() -> None:
    """A reader holds 300 lines in mind; a function that does not fit on two screens does two things."""
    wrong = [f"{module(path)}: {count} lines" for path in ALL if (count := _lines(path)) > LINES_MAX]
    for path in ALL:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    wrong.append(f"{module(path)}:{node.lineno} {node.name}: {length} lines")
    assert not wrong


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_names_when_they_say_nothing_then_refused() -> None:
    """utils, helpers and common become drawers."""
    assert not [module(path) for path in ALL if path.stem in FORBIDDEN_NAMES or set(path.parts) & FORBIDDEN_NAMES]


def test_sql_when_outside_a_store_then_refused() -> None:
    """Every statement on a table is found in one place."""
    wrong: list[str] = []
    for path in (path for path in PRODUCT if path.parts[len(ROOT.parts)] != "shared"):
        parts = path.relative_to(ROOT).parts
        if "store.py" in parts or "store" in parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if SQL.search(node.value) and not _is_docstring(node.value) and not excused(path, node.lineno):
                wrong.append(f"{module(path)}:{node.lineno} {node.value.split()[:4]}")
    assert not wrong


def _is_docstring(text: str) -> bool:
    return text.rstrip().endswith(".")


def test_transactions_when_ended_then_only_in_shared_db() -> None:
    """One door, one transaction: what is done together is kept or lost together."""
    wrong = [
        f"{module(path)}: {word}"
        for path in PRODUCT
        if module(path) != "shared.db"
        for word in (".commit()", ".rollback()", "BEGIN;", '"COMMIT"', '"ROLLBACK"')
        if word in path.read_text("utf-8")
    ]
    assert not wrong


def test_environment_when_read_then_only_by_the_settings() -> None:
    """A setting has one name, one type and one place."""
    allowed = {"shared.config", "shared.serve", "shared.migrate", "shared.faults"}
    reading = re.compile(r"\bos\.(environ|getenv)|\bfrom os import .*\b(environ|getenv)")
    assert {module(path) for path in PRODUCT if reading.search(path.read_text("utf-8"))} == allowed


def test_type_checks_when_switched_off_then_one_rule_on_one_line_with_the_reason() -> None:
    """Whoever reads the line wants to know what the checker cannot see."""
    switched_off = re.compile(r"#\s*(?:type|pyright): ignore(\[[\w, -]+\])?(.*)$", re.MULTILINE)
    wrong = [
        f"{module(path)}: {found.group(0)}"
        for path in ALL
        if path != Path(__file__)
        for found in switched_off.finditer(path.read_text("utf-8"))
        if not found.group(1) or len(found.group(2).strip(" –#")) < len("JSON")
    ]
    assert not wrong


def test_tests_when_they_cannot_fail_then_refused() -> None:
    """A test without a check, or one that may leave before its checks, is green whatever happens."""
    wrong: list[str] = []
    for path in (path for path in ALL if path.stem.startswith("test_")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                wrong += [f"{module(path)}:{line} {node.name} leaves early" for line in _early_ends(node)]
                if not excused(path, node.lineno) and not CHECK.search(ast.unparse(node)):
                    wrong.append(f"{module(path)}:{node.lineno} {node.name} checks nothing")
        text = path.read_text("utf-8")
        wrong += [f"{module(path)} skips" for word in SKIPS if word in text and path != Path(__file__)]
    assert not wrong


def _early_ends(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    """Lines of ``return`` of the test itself, not of functions inside."""
    waiting: list[ast.AST] = list(test.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            yield node.lineno
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("service", [*SERVICES, "gateway"])
def test_rooms_when_looking_for_something_then_it_is_where_it_is_everywhere(service: str) -> None:
    """The same rooms in every service: who knows one knows all."""
    home = ROOT / ("gateway" if service == "gateway" else f"services/{service}")
    rooms = (*ROOMS, "api", "usecases", "domain", "store")
    missing = [room for room in rooms if not (home / f"{room}.py").exists() and not (home / room).is_dir()]
    both = [room for room in rooms if (home / f"{room}.py").exists() and (home / room).is_dir()]
    assert not missing
    assert not both
    card = ast.get_docstring(ast.parse((home / "__init__.py").read_text("utf-8"))) or ""
    assert all(word in card for word in ("Owns", "Publishes", "Consumes", "Promises"))
    assert (home / "ecosystem.config.js").exists()
    assert list((home / "migrations").glob("*.sql"))


def test_excepts_when_broad_then_only_at_a_door() -> None:
    """Below a door an unexpected error must reach the door, where it is logged and counted."""
    doors = {"shared.scheduler", "shared.consumer.batch", "shared.consumer.retries", "shared.consumer.reader",
             "shared.sandbox", "shared.process"}  # fmt: skip
    broad: dict[str, int] = {}
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if _is_broad(node) and not excused(path, getattr(node, "lineno", 1)):
                broad[module(path)] = getattr(node, "lineno", 1)
    assert set(broad) == doors, broad


def _is_broad(node: ast.AST) -> bool:
    """``except Exception`` and ``suppress(Exception)`` alike."""
    everything = ("", "Exception", "BaseException")
    if isinstance(node, ast.ExceptHandler):
        return (ast.unparse(node.type) if node.type else "") in everything
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(ast.unparse(one) in everything for one in node.args)
    return False
