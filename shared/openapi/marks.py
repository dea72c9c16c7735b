"""What a route asks for, read from its dependencies."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.auth import PUBLIC_MARK, Requirement
from shared.idempotency import Keyed
from shared.listing import Listed
from shared.preconditions import ExpectedVersion


@dataclass(frozen=True, slots=True)
class Marks:
    """``roles`` empty and not ``is_public``: somebody forgot to say who may call it."""

    roles: tuple[str, ...]
    is_public: bool
    needs_key: bool
    takes_key: bool
    needs_version: bool
    is_paged: bool


def marks_of(route: APIRoute, method: str) -> Marks:
    calls = list(calls_of(route.dependant))
    wanted = [call.roles for call in calls if isinstance(call, Requirement)]
    roles = frozenset[str].intersection(*map(frozenset[str], wanted)) if wanted else frozenset[str]()
    needs_key = _behind(Keyed) in calls
    return Marks(
        roles=tuple(sorted(roles)),
        is_public=PUBLIC_MARK in calls and not wanted,
        needs_key=needs_key,
        takes_key=needs_key or (method not in ("GET", "HEAD") and bool(getattr(route, "takes_keys", False))),
        needs_version=_behind(ExpectedVersion) in calls,
        is_paged=any(isinstance(call, Listed) for call in calls),
    )


def calls_of(dependant: Dependant) -> Iterator[object]:
    """Every function that a route depends on, also through others."""
    for one in dependant.dependencies:
        yield one.call
        yield from calls_of(one)


def _behind(annotated: object) -> object:
    """The function of ``Annotated[X, Depends(function)]``."""
    depends: object = getattr(annotated, "__metadata__")[0]  # noqa: B009 - no public name
    return getattr(depends, "dependency")  # noqa: B009 - its type is of FastAPI's inside
