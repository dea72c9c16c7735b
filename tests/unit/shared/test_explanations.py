"""Every code that a refusal can carry is explained, with the status it comes with."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from deploy.layout import SERVICES
from shared.explanations import EXPLANATIONS
from shared.problems import AppError

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for top in ("shared", "services", "gateway") for path in (ROOT / top).rglob("*.py"))


PRODUCT = ("shared.", "services.", "gateway.")


def codes(path: Path) -> Iterator[tuple[str, int | None]]:
    """Codes in a file with the status beside them: of classes, of ``slug=`` and of answers written by hand."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Assign(targets=[ast.Name(id="slug")], value=ast.Constant(value=str(code))):
                yield code, None
            case ast.Assign(targets=[ast.Name(id="slug")], value=ast.IfExp(body=one, orelse=other)):
                yield from ((str(part.value), None) for part in (one, other) if isinstance(part, ast.Constant))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                said = {
                    name.id: value.value
                    for name, value in zip(names, values, strict=False)
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant)
                }
                if isinstance(code := said.get("slug"), str):
                    yield code, status if isinstance(status := said.get("status"), int) else None
            case ast.keyword(arg="slug", value=ast.Constant(value=str(code))):
                yield code, None
            case ast.Call(
                func=ast.Attribute(attr="_refuse"),
                args=[ast.Constant(value=int(status)), ast.Constant(value=str(code)), *_],
            ):
                yield code, status
            case _:
                pass


def test_codes_when_used_anywhere_then_explained_with_their_status() -> None:
    used = [(path, code, status) for path in SOURCES for code, status in codes(path)]
    assert len({code for _, code, _ in used}) > 30  # or we look in the wrong place
    assert not [(str(path.relative_to(ROOT)), code) for path, code, _ in used if code not in EXPLANATIONS]
    wrong = [(code, status) for _, code, status in used if status not in (None, EXPLANATIONS[code].status)]
    assert not wrong


def kinds(base: type[AppError]) -> Iterator[type[AppError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_statuses_when_a_class_has_a_code_then_the_one_explained() -> None:
    for room in ("gateway", *(f"services.{name}" for name in SERVICES if name != "gateway")):
        importlib.import_module(f"{room}.errors")
    found = {(kind.slug, kind.status) for kind in kinds(AppError) if kind.__module__.startswith(PRODUCT)}
    assert len(found) > 30
    assert not [(code, status) for code, status in found if EXPLANATIONS[code].status != status]


def test_codes_when_explained_then_used_somewhere() -> None:
    used = {code for path in SOURCES for code, _ in codes(path)} | {AppError.slug}
    waiting = {
        "too_late_to_undo", "nothing_to_undo", "profile_exists", "too_many_columns", "unknown_meaning",
        "unknown_profile", "column_not_replaceable", "nothing_found",
    }  # fmt: skip
    assert set(EXPLANATIONS) - used <= waiting


def test_explanations_when_read_then_sentences() -> None:
    for code, one in EXPLANATIONS.items():
        assert one.meaning.endswith("."), code
        assert one.advice.endswith("."), code
        assert not one.title.endswith("."), code
