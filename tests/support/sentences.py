"""Every sentence the reading of lists can say, taken from its source: constants, and f-strings with gaps."""

import ast
from collections.abc import Iterator

from tests.support.lists import ROOT

FILES = (
    *sorted((ROOT / "services/ingestion/parsing").glob("*.py")),
    ROOT / "services/ingestion/domain/guards.py",
    ROOT / "services/ingestion/usecases/process.py",
    ROOT / "services/ingestion/usecases/making_rows.py",
    ROOT / "services/ingestion/reading.py",
)
GAP = "\0"
FORMATTED_GAP = "\1"  # a number: the gap has a format of its own


def sentences() -> Iterator[tuple[str, str]]:
    """Where a sentence stands and the sentence; docstrings and the words of exceptions of ours are none."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = set(_docstrings(tree))
        inside: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                inside.update(ast.walk(node))
                inside.discard(node)
        for node in ast.walk(tree):
            if node in documents or node in inside:
                continue
            text = _text(node)
            if text is not None and _is_sentence(text):
                yield f"{path.name}:{getattr(node, 'lineno', 0)}", text


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts: list[str] = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
        elif isinstance(value, ast.FormattedValue):
            parts.append(FORMATTED_GAP if value.format_spec is not None else GAP)
    return "".join(parts)


def _is_sentence(text: str) -> bool:
    plain = text.strip()
    words = plain.split()
    first = plain.lstrip(f'"{GAP}{FORMATTED_GAP}')[:1]
    return len(words) >= 3 and plain.endswith((".", "?")) and (first.isupper() or plain[0] in f'"{GAP}{FORMATTED_GAP}')
