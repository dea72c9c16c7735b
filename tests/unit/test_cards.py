"""The card at the top of every service is true."""

import ast
import re
from pathlib import Path

import pytest

from shared.contracts import CONTRACTS, SERVICES

ROOT = Path(__file__).resolve().parents[2]
TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
EVENT = re.compile(r"(\w+(?:\.\w+)+)((?: / \w+)*)")


def lines_of(service: str) -> dict[str, str]:
    """The card by its words: Owns, Publishes, Consumes, Promises."""
    home = ROOT if service == "gateway" else ROOT / "services"
    card = ast.get_docstring(ast.parse((home / service / "__init__.py").read_text("utf-8"))) or ""
    parts = re.split(r"^(Owns|Publishes|Consumes|Promises) ", card, flags=re.MULTILINE)[1:]
    return {word: " ".join(text.split()) for word, text in zip(parts[::2], parts[1::2], strict=True)}


def events(text: str) -> set[str]:
    """Types without version; ``a.b.c / d`` names a.b.c and a.b.d."""
    return {
        name
        for first, more in EVENT.findall(text)
        for name in (first, *(f"{first.rpartition('.')[0]}.{last}" for last in more.split(" / ")[1:]))
    }


def unversioned(name: str) -> str:
    return name.rpartition(".")[0]


@pytest.mark.parametrize("service", SERVICES)
def test_card_when_compared_with_the_contracts_then_names_the_same_events(service: str) -> None:
    card = lines_of(service)
    published = {unversioned(one.event.TYPE) for one in CONTRACTS if one.event.producer() == service}
    consumed = {unversioned(one.event.TYPE) for one in CONTRACTS if service in one.subscribers}
    assert events(card["Publishes"]) == published
    assert events(card["Consumes"]) == consumed


@pytest.mark.parametrize("service", SERVICES)
def test_card_when_compared_with_the_migrations_then_names_the_same_tables(service: str) -> None:
    home = ROOT / ("gateway" if service == "gateway" else f"services/{service}")
    made = {name for path in (home / "migrations").glob("*.sql") for name in TABLE.findall(path.read_text("utf-8"))}
    assert made == set(re.findall(r"\w+", lines_of(service)["Owns"])) & made
    named = re.findall(r"\b[a-z]+_[a-z_]+\b", lines_of(service)["Owns"])
    assert set(named) <= made
