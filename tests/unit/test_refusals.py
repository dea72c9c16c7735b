"""Every refusal says what to do next, not only what is wrong."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from shared.problems import AppError

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(path for top in ("shared", "services", "gateway") for path in (ROOT / top).rglob("*.py"))
# Either the whole sentence tells what to do, or its second half does.
TELLS = re.compile(r"^(Send|Say|Name|Sort|Give) |[;:,] |\. \w|\bmust\b|\bhas to\b|\btakes?\b|^Only ")


def refusals() -> Iterator[tuple[str, str]]:
    """Place and text of every refusal whose text stands in the code."""
    for path in PRODUCT:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text("utf-8")
        if "problems import" not in text and "errors import" not in text and name != "shared.problems":
            continue
        known = vars(importlib.import_module(name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and is_refusal(known.get(node.name)):
                calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
                calls = [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "__init__"]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_refusal(known.get(node.func.id)):
                calls = [node]
            else:
                continue
            yield from (
                (f"{name}:{call.lineno}", said) for call in calls if call.args and (said := words(call.args[0]))
            )


def is_refusal(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, AppError)


def words(node: ast.expr) -> str | None:
    """A literal with ``x`` for what is put in; ``None`` for a text from elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


def test_refusals_when_read_by_a_person_then_say_what_to_do() -> None:
    found = list(refusals())
    assert len(found) > 90
    assert not [f"{place}: {text}" for place, text in found if not TELLS.search(text)]
