"""A list as a route offers it: filters, order, pages both ways, totals and exports, from one declaration.

In the store, beside the statement::

    WINDOWS = Listing({"status": Field(Kind.TEXT, "w.status")}, id="w.id", sort="-granted_at")

    async def windows(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[WindowRow]:
        return await question.fetch(conn, WindowRow, "SELECT {mark}, ... WHERE ... {filters} {order}", {...})

In the route::

    @routes.get("/windows", response_model=Page[Window])
    async def list_windows(asked: Annotated[Asked, listed(WINDOWS)], actor: MillActor) -> Page[Window] | Response:
        return await asked.answer(partial(store.windows, mill_id=actor.organization_id), shown)

Filters, sort keys and the formats of the export are described in the OpenAPI document by themselves.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from shared import export, paging
from shared.auth import Actor, actor_of
from shared.db import Conn, Database
from shared.filtering import OPERATIONS, Kind, Listing
from shared.instants import encoded
from shared.keyset import TOTAL_MAX, Found, Mark, Question
from shared.paging import LIMIT_DEFAULT, Cursor, Limit, Page

TOTAL = "return=total-count"
R = TypeVar("R")
S = TypeVar("S")
M = TypeVar("M", bound=BaseModel)
Fetch = Callable[[Conn, Question], Awaitable[Found[R]]]
Read = Callable[[Question], Awaitable[Found[R]]]
"""Reads one page; is called again and again by an export."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a list. ``question`` is what it asks, ``export`` the format when it is a file it wants."""

    question: Question
    actor: Actor
    export: export.Format | None
    request: Request
    response: Response

    def ordered(self, sort: str) -> "Asked":
        """The same, in another order unless the client asked for one; with as many keys as the list's own has."""
        return replace(self, question=self.question.by_default(sort, self.actor.role))

    def by_default(self, *, limit: int) -> "Asked":
        """The same, with another size of page unless the client said how many."""
        said = "limit" in self.request.query_params
        return self if said else replace(self, question=replace(self.question, limit=limit))

    async def answer(self, fetch: Fetch[R], shape: Callable[[R], M]) -> Page[M] | Response:
        """The page, every row changed by ``shape``; or the whole list as a file."""
        return await self._answer_from(self._reading(fetch), shape, skips=True)

    async def answer_from(self, read: Read[R], shape: Callable[[R], M]) -> Page[M] | Response:
        """The same for rows that do not come from this service's database."""
        return await self._answer_from(read, shape, skips=False)

    async def _answer_from(self, read: Read[R], shape: Callable[[R], M], *, skips: bool) -> Page[M] | Response:
        if self.export is not None:
            return await self._file(read, lambda row: shape(row).model_dump(mode="json"), skips=skips)
        return self.page((await read(self.question)).shaped(shape))

    async def answer_json(self, fetch: Fetch[R], shape: Callable[[R], dict[str, Any]]) -> Response:
        """The same for rows that are JSON already: nothing checks them again, which long hot lists are worth."""
        read = self._reading(fetch)
        if self.export is not None:
            return await self._file(read, shape, skips=True)
        found = (await read(self.question)).shaped(shape)
        body = {"items": found.rows, **self._envelope(found)}
        return Response(
            encoded(body),
            media_type="application/json",
            headers=dict(self.response.headers),
        )

    def page(self, found: Found[S]) -> Page[S]:
        """The envelope with its cursors; sets the headers."""
        return Page[S](items=found.rows, **self._envelope(found))

    def _envelope(self, found: Found[S]) -> dict[str, Any]:
        before, after = (
            None if mark is None else paging.seal(self.request, name, *mark)
            for name, mark in (("b", found.before), ("a", found.after))
        )
        self.response.headers["Link"] = paging.link(self.request, before=before, after=after)
        total = found.total
        if total is not None:
            self.response.headers["Preference-Applied"] = TOTAL
        return {
            "next_cursor": after,
            "prev_cursor": before,
            "total_count": {"gte": TOTAL_MAX} if total is not None and total > TOTAL_MAX else total,
            "facets": None if found.facets is None else {name: _counts(one) for name, one in found.facets.items()},
        }

    def _reading(self, fetch: Fetch[R]) -> Read[R]:
        """Pages by the request's connection; each of a file by one of its own, so that none is held long."""
        db: Database = self.request.app.state.db

        async def read(question: Question) -> Found[R]:
            held = self.request.state.transaction
            # A route that has looked something up holds a connection already; two at once could use up the pool.
            if self.export is None or (held.is_open and question.start is None):
                return await fetch(await held.conn(), question)
            async with db.reading() as conn:
                return await fetch(conn, question)

        return read

    async def _file(self, read: Read[R], shape: Callable[[R], dict[str, Any]], *, skips: bool) -> Response:
        """The list from its first row on, or from where the cursor of another file leads.

        A list that is longer than a file says so: in its last line, and, where rows can be skipped, in the headers too.
        """
        wanted = self.export or export.Format.CSV
        columns = export.columns_of(self.request.scope["route"].response_model, self.question.listing.fields)
        start = None if self.question.backwards else self.question.start
        begin = replace(self.question, start=start, backwards=False, count=False, facets=(), limit=export.ROWS_PER_PAGE)
        # Read before the answer begins, so that what cannot be read is still a problem and not a broken file.
        first = await read(begin)
        headers = export.headers(wanted, self.request.url.path.rstrip("/").rpartition("/")[2])
        rows_max = export.ROWS_MAX
        if skips and first.after is not None:
            last = (await read(replace(begin, skip=rows_max - 1, limit=1))).after
            if last is not None:
                # The file ends with this very row, whatever is added before it meanwhile; the next begins behind it.
                begin, rows_max = replace(begin, until=last), 2 * rows_max
                headers |= {"Link": paging.link(self.request, before=None, after=self._cursor(last))}
                headers |= {export.CUT: str(export.ROWS_MAX)}

        async def pages() -> AsyncGenerator[list[dict[str, Any]]]:
            found, left = first, rows_max
            while True:
                yield [shape(row) for row in found.rows[:left]]
                left -= len(found.rows)
                if found.after is None or left <= 0:
                    break
                found = await read(replace(begin, start=found.after, limit=min(begin.limit, left)))
            end = found.after or begin.until
            if end is not None:
                there = paging.address(self.request, self._cursor(end))
                yield [export.note(columns, f"The file ends here, the list does not: ask in the same way for {there}")]

        return StreamingResponse(export.stream(wanted, columns, pages()), media_type=wanted.media_type, headers=headers)

    def _cursor(self, mark: Mark) -> str:
        return paging.seal(self.request, "a", *mark)


def _counts(counted: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"value": value, "count": count} for value, count in counted]


class Listed:
    """The dependency behind ``listed``; the OpenAPI document reads ``listing`` from it."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing

    async def __call__(
        self, request: Request, response: Response, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Asked:
        actor = actor_of(request)
        filters, sort = self.listing.parse(request.query_params.multi_items(), actor.role)
        start, backwards = self._place(request, cursor, len(sort) + 1)
        question = Question(
            listing=self.listing,
            filters=filters,
            sort=sort,
            limit=limit,
            start=start,
            backwards=backwards,
            sorted="sort" in request.query_params,
            facets=self.listing.counted(request.query_params.get("facets"), actor.role),
            count=TOTAL in request.headers.get("prefer", "").replace(" ", "").split(","),
        )
        response.headers["Vary"] = "Accept, Prefer"
        return Asked(question, actor, export.wanted(request.headers.get("accept", "")), request, response)

    @staticmethod
    def _place(request: Request, cursor: str | None, length: int) -> tuple[Mark | None, bool]:
        if cursor is None:
            return None, False
        direction, *mark = paging.unseal(request, cursor)
        if len(mark) != length:  # made before the order of this list was changed
            raise paging.not_of_this_list()
        return tuple(None if part is None else str(part) for part in mark), direction == "b"


def listed(listing: Listing) -> Any:
    """``asked: Annotated[Asked, listed(WINDOWS)]`` makes a route a list."""
    return Depends(Listed(listing))


def described(dependant: Dependant) -> dict[str, Any] | None:
    """What the OpenAPI document says besides of a route that is a list; ``None`` for others."""
    found = next((one.call for one in dependant.dependencies if isinstance(one.call, Listed)), None)
    if found is None:
        return None
    listing = found.listing
    parameters = [_parameter(name, one.kind, one.words) for name, one in listing.fields.items()]
    keys = [name for name, one in listing.fields.items() if one.sortable and one.kind != Kind.SET]
    if keys:
        said = f"up to 3 of {', '.join(keys)} with commas between; a minus for descending; null comes last"
        schema: dict[str, Any] = {"type": "string"} | ({"default": listing.sort} if listing.sort else {})
        parameters.append({"name": "sort", "in": "query", "description": said, "schema": schema})
    if listing.facets:
        said = f"counts the values over all pages; a comma list of {', '.join(sorted(listing.facets))}"
        parameters.append({"name": "facets", "in": "query", "description": said, "schema": {"type": "string"}})
    prefer = {"name": "Prefer", "in": "header", "description": f"`{TOTAL}` counts up to {TOTAL_MAX}"}
    parameters.append({**prefer, "schema": {"type": "string"}})
    files = {one.media_type: {"schema": {"type": "string", "format": "binary"}} for one in export.Format}
    return {"parameters": parameters, "responses": {"200": {"content": files}}}


def _parameter(name: str, kind: Kind, words: tuple[str, ...]) -> dict[str, Any]:
    others = ", ".join(f"`{name}__{one}`" for one in OPERATIONS[kind] if one != "eq")
    schema: dict[str, Any] = {"type": "string"} | ({"enum": list(words)} if words else {})
    return {"name": name, "in": "query", "description": f"{kind.name.lower()}; also {others}", "schema": schema}
