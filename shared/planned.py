"""What a GET asks of its route is worked out once, when the app is built, and then only done: docs/adr/0015.

The framework looks for the route twice, and walks the tree of dependencies with all that a dependency could be, for
every request anew: more than half of the time of a short answer. A plan keeps what a route really has: dependencies
that are coroutines, parameters of path, query and headers. The framework's own functions still check each parameter,
and whatever is no plan (bodies, generators, other methods, unknown paths) goes through the framework as before.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

METHOD = "GET"
Errors = list[Any]
Field = tuple[str, str | None, Any, Any]
"""Name, alias, the framework's own field, and the default for whom sends nothing under the alias."""
_PLAIN = (str, int, float, bool, NoneType)
Handler = Callable[[Request, Exception], Awaitable[Response]]
Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with what it takes. ``name`` is the parameter of the caller that gets the result."""

    function: Callable[..., Awaitable[Any]]
    name: str | None
    calls: "tuple[Call, ...]"
    path: tuple[Field, ...]
    query: tuple[Field, ...]
    headers: tuple[Field, ...]
    request: str | None
    response: str | None
    answers: bool
    """Whether somebody here takes the response."""

    async def given(self, request: Request, response: Response, known: dict[Any, Any]) -> tuple[dict[str, Any], Errors]:
        """Its arguments, or what is wrong with them."""
        values: dict[str, Any] = {}
        errors: Errors = []
        for one in self.calls:
            if one.function in known:
                result = known[one.function]
            else:
                arguments, wrong = await one.given(request, response, known)
                if wrong:
                    errors += wrong
                    continue
                result = known[one.function] = await one.function(**arguments)
            if one.name is not None:
                values[one.name] = result
        if self.path:
            _taken_from_path(self.path, request.path_params, values, errors)
        if self.query:
            _take(self.query, request.query_params, values, errors)
        if self.headers:
            _take(self.headers, request.headers, values, errors)
        if self.request is not None:
            values[self.request] = request
        if self.response is not None:
            values[self.response] = response
        return values, errors


def _take(fields: tuple[Field, ...], sent: Mapping[str, Any], values: dict[str, Any], errors: Errors) -> None:
    asked: list[Any] = []
    for name, alias, of_framework, default in fields:
        if alias is None or alias in sent:
            asked.append(of_framework)
        else:
            values[name] = default
    if asked:
        found, wrong = request_params_to_args(asked, sent)
        values.update(found)
        errors += wrong


def _taken_from_path(
    fields: tuple[Field, ...], sent: Mapping[str, Any], values: dict[str, Any], errors: Errors
) -> None:
    for name, _, of_framework, _ in fields:
        value, wrong = of_framework.validate(sent[of_framework.alias], values, loc=("path", of_framework.alias))
        if wrong:
            errors += wrong
        else:
            values[name] = value


def _fields_of(fields: Sequence[Any]) -> tuple[Field, ...]:
    """Each with its alias and default, if it may be absent and its default is a value that nobody can change."""
    found: list[Field] = []
    for one in fields:
        info = one.field_info
        simple = not info.is_required() and info.default_factory is None and isinstance(info.default, _PLAIN)
        aliased = info.validation_alias in (None, one.alias)
        alias = one.alias if simple and aliased and isinstance(info, Query) else None
        found.append((one.name, alias, one, info.default if simple else None))
    return tuple(found)


def call_of(dependant: Dependant) -> Call | None:
    """The plan of a dependency with all below it; ``None`` if it needs more of the framework than a plan has."""
    function = dependant.call
    other = (
        dependant.body_params
        or dependant.cookie_params
        or dependant.websocket_param_name
        or dependant.http_connection_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.own_oauth_scopes
        or dependant.concurrency is not None
        or not dependant.use_cache
    )
    if other or function is None or not _is_coroutine(function):
        return None
    calls = [call_of(one) for one in dependant.dependencies]
    if any(one is None for one in calls):
        return None
    below = tuple(one for one in calls if one is not None)
    return Call(
        function=function,
        name=dependant.name,
        calls=below,
        path=_fields_of(dependant.path_params),
        query=_fields_of(dependant.query_params),
        headers=_fields_of(dependant.header_params),
        request=dependant.request_param_name,
        response=dependant.response_param_name,
        answers=dependant.response_param_name is not None or any(one.answers for one in below),
    )


def _is_coroutine(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - that is what is asked


def answer_of(route: APIRoute) -> Answer | None:
    """How a route answers a request, without the framework's walk; ``None`` where it has no plan."""
    plan = call_of(route.dependant)
    plain = isinstance(route.response_class, DefaultPlaceholder) or route.response_field is None
    if plan is None or not plain or route.methods != {METHOD} or route.body_field is not None:
        return None
    field, status = route.response_field, route.status_code or 200

    async def answer(request: Request) -> Response:
        aside = _aside() if plan.answers else _NOT_ASKED
        arguments, errors = await plan.given(request, aside, {})
        if errors:
            raise RequestValidationError(errors)
        result = await plan.function(**arguments)
        if isinstance(result, Response):
            return result
        if field is None:
            raise ResponseValidationError([{"type": "no_response_model", "loc": ("response",)}], body=result)
        value, wrong = field.validate(result, {}, loc=("response",))
        if wrong:
            raise ResponseValidationError(wrong, body=result)
        chosen = aside.status_code or status
        response = Response(field.serialize_json(value), status_code=chosen, media_type="application/json")
        response.headers.raw.extend(aside.headers.raw)
        return response

    return answer


def _aside() -> Response:
    """What a route or a dependency says besides: headers, and a status if it says one."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment] – as the framework does
    return response


_NOT_ASKED = _aside()


class Planned:
    """Pure ASGI, innermost: answers what has a plan, hands over the rest."""

    def __init__(self, app: ASGIApp, *, own: FastAPI, routers: Sequence[APIRouter], prefix: str) -> None:
        self._app = app
        self._handlers = cast(dict[type[Exception], Handler], own.exception_handlers)
        self._refusals = tuple(one for one in self._handlers if one is not Exception)
        self._places: dict[int, list[tuple[re.Pattern[str], APIRoute, Answer | None]]] = {}
        for route, path in _reading(routers, prefix):
            pattern, _, convertors = compile_path(path)
            if any(one.regex != "[^/]+" for one in convertors.values()):
                raise ValueError(f"{path}: a plan takes parameters of one part of the path")
            handler = route.planned() if isinstance(route, Plannable) else None
            self._places.setdefault(path.count("/"), []).append((pattern, route, handler))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == METHOD:
            path: str = scope["path"]
            for pattern, route, answer in self._places.get(path.count("/"), ()):
                found = pattern.match(path)
                if found is not None:
                    if answer is None:
                        break
                    scope.update(path_params=found.groupdict(), route=route, endpoint=route.endpoint)
                    await self._answer(answer, scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await answer(request)
        except self._refusals as error:  # anything else is our fault, which the outermost layer says
            handler = next(self._handlers[one] for one in type(error).__mro__ if one in self._handlers)
            response = await handler(request, error)
        await response(scope, receive, send)


class Plannable(APIRoute):
    """A route that can be planned."""

    def planned(self) -> Answer | None:
        """How it answers without the framework; ``None`` if it cannot."""
        return answer_of(self)


def _reading(routers: Sequence[APIRouter], prefix: str) -> Iterator[tuple[APIRoute, str]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and METHOD in (route.methods or ()):
                yield route, f"{prefix}{route.path}"
