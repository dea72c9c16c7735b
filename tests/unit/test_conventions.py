"""What every route keeps by its declaration; read from the route table."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args, get_origin

from fastapi.routing import APIRoute
from pydantic import BaseModel

from deploy.routes import apps
from shared.instants import Instant
from shared.listing import Listed
from shared.paging import Page

SERIALIZER = get_args(Instant)[1]


def routes() -> Iterator[APIRoute]:
    for _, app in apps():
        for router in app.state.contract:
            yield from (route for route in router.routes if isinstance(route, APIRoute))


def models(kind: Any, seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """A model and all models in it."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            models(field.annotation, seen)
    for inner in get_args(kind):
        models(inner, seen)
    return seen


def has_list(answer: Any) -> bool:
    items = answer.model_fields.get("items") if isinstance(answer, type) and issubclass(answer, BaseModel) else None
    return items is not None and get_origin(items.annotation) is list


def test_lists_when_declared_then_by_the_one_mechanism() -> None:
    wrong: list[str] = []
    lists = 0
    for route in routes():
        answer: Any = route.response_model
        if "GET" not in (route.methods or ()) or not has_list(answer):
            continue
        lists += 1
        uses_it = any(isinstance(one.call, Listed) for one in route.dependant.dependencies)
        if not uses_it or not issubclass(answer, Page):
            wrong.append(f"{route.path}: answer Page[…] and take Annotated[Asked, listed(…)], see shared/listing.py")
    assert lists > 15
    assert not wrong


def test_instants_when_answered_then_to_the_millisecond() -> None:
    found: set[type[BaseModel]] = set()
    for route in routes():
        models(route.response_model, found)
    assert len(found) > 50
    wrong = [
        f"{kind.__module__}.{kind.__name__}.{name}: write it as shared.instants.Instant"
        for kind in found
        for name, field in kind.model_fields.items()
        if datetime in (field.annotation, *get_args(field.annotation))
        and SERIALIZER not in field.metadata
        and not any(SERIALIZER in get_args(one) for one in get_args(field.annotation))
    ]
    assert not wrong


def test_bodies_when_they_have_unknown_members_then_refused() -> None:
    found: set[type[BaseModel]] = set()
    for route in routes():
        if route.body_field is not None:
            models(route.body_field.field_info.annotation, found)
    found = {kind for kind in found if not kind.__module__.startswith("fastapi.")}  # forms with files
    assert len(found) > 25
    lax = [f"{kind.__module__}.{kind.__name__}" for kind in found if kind.model_config.get("extra") != "forbid"]
    assert not lax


def test_patches_when_described_then_by_both_names_of_their_kind() -> None:
    patches = [
        operation["requestBody"]["content"]
        for _, app in apps()
        for path in app.openapi()["paths"].values()
        for method, operation in path.items()
        if method == "patch"
    ]
    assert len(patches) >= 5
    assert all(set(one) == {"application/merge-patch+json", "application/json"} for one in patches)
