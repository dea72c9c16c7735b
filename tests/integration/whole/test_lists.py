"""Every list of every service, found in the route table: pages both ways, totals, files, and what is refused."""

import csv
import io
import re
from uuid import uuid4

from shared.contracts.gateway import Role
from shared.filtering import Kind
from tests.support.stocked import ROWS, Place, Stocked, ids

# The file of these is another thing: rows to be corrected in the columns of the list, an empty list to fill in.
OWN_FILES = ("/rows", "/mapping-profiles")
TOTAL = {"Prefer": "return=total-count"}


async def test_lists_when_walked_forward_and_back_then_the_same_rows(stock: Stocked) -> None:
    assert len(stock.lists) > 15
    for place in stock.lists:
        whole = await place.page("limit=200", **TOTAL)
        assert len(whole["items"]) == whole["total_count"] >= ROWS, place.path
        sorts = ["", *(f"sort={name}" for name in place.listing.names(Role.ADMIN, sortable=True))][:4]
        for query in sorts:
            wanted = ids(await place.page(f"limit=200&{query}"))
            assert sorted(wanted) == sorted(ids(whole)), (place.path, query)
            for limit in (1, 3, ROWS):
                assert await walked(place, f"limit={limit}&{query}") == (wanted, wanted), (place.path, query, limit)


async def walked(place: Place, query: str) -> tuple[list[str], list[str]]:
    """Ids from the first page to the last, and from there back to the first."""
    page, forward = await place.page(query), list[str]()
    assert page["prev_cursor"] is None
    while True:
        forward += ids(page)
        if page["next_cursor"] is None:
            break
        page = await place.page(f"{query}&cursor={page['next_cursor']}")
    back = ids(page)
    while page["prev_cursor"] is not None:
        page = await place.page(f"{query}&cursor={page['prev_cursor']}")
        back = ids(page) + back
    return forward, back


async def test_lists_when_described_then_with_the_members_that_they_answer(stock: Stocked) -> None:
    """A document that names others than the answer has breaks every client that was made from it."""
    described = {
        path: (app, methods["get"])
        for app, _ in stock.apps.values()
        for path, methods in app.openapi()["paths"].items()
        if "get" in methods
    }
    for place in stock.lists:
        app, operation = described[re.sub(r"(?<=/batches/)[0-9a-f-]{36}", "{batch_id}", place.path)]
        answer = operation["responses"]["200"]["content"]["application/json"]
        name = answer["schema"]["$ref"].rpartition("/")[2]
        page = (await place.get("limit=1")).json()
        assert set(page) == set(app.openapi()["components"]["schemas"][name]["properties"]), place.path
        assert set(answer["example"]) == set(page), place.path


async def test_lists_when_every_field_is_asked_then_answered_by_it(stock: Stocked) -> None:
    """Each declared column is SQL that runs: as a filter, as a sort key, and for a null."""
    samples = {
        Kind.TEXT: "x", Kind.INTEGER: "3", Kind.NUMBER: "3", Kind.DATE: "2026-11-21", Kind.FLAG: "true",
        Kind.INSTANT: "2026-11-21T09:00:00Z", Kind.ID: str(uuid4()), Kind.SET: "x",
    }  # fmt: skip
    for place in stock.lists:
        for name, one in place.listing.fields.items():
            value = one.words[0] if one.words else samples[one.kind]
            queries = [f"{name}={value}"]
            if one.kind not in (Kind.SET, Kind.FLAG):
                queries.append(f"{name}__in={value},{value}")
                nulls = await place.page(f"{name}__isnull=true&limit=200")
                filled = await place.page(f"{name}__isnull=false&limit=200")
                everything = await place.page("limit=200")
                assert sorted(ids(nulls) + ids(filled)) == sorted(ids(everything)), (place.path, name)
                assert one.nullable or not nulls["items"], (place.path, name, "has nulls and is not declared so")
            if one.sortable and one.kind != Kind.SET:
                queries.append(f"sort=-{name}")
            for query in queries:
                await place.page(query)


async def test_lists_when_asked_what_makes_no_sense_then_refused(stock: Stocked) -> None:
    for place in stock.lists:
        cursor = (await place.page("limit=1"))["next_cursor"]
        name = next(iter(place.listing.names(Role.ADMIN)))
        refused = {
            "nothing=1": (400, "invalid_filter"),
            f"{name}__sounds=1": (400, "invalid_filter"),
            "sort=nothing": (400, "invalid_filter"),
            f"{name}__isnull=perhaps": (400, "invalid_filter"),
            f"limit=1&nothing__in=1&cursor={cursor}": (400, "invalid_filter"),
            f"limit=1&{name}__isnull=false&cursor={cursor}": (400, "invalid_cursor"),
            "cursor=AAAA": (400, "invalid_cursor"),
            "limit=1000000000": (422, "validation_failed"),
            "limit=0": (422, "validation_failed"),
        }
        if place.listing.fields[name].kind in (Kind.SET, Kind.FLAG):
            del refused[f"limit=1&{name}__isnull=false&cursor={cursor}"]
            del refused[f"{name}__isnull=perhaps"]
        for query, wanted in refused.items():
            answer = await place.get(query)
            assert (answer.status_code, answer.json()["code"]) == wanted, (place.path, query, answer.text)


async def test_lists_when_wanted_as_a_file_then_the_same_rows(stock: Stocked) -> None:
    for place in stock.lists:
        if place.path.endswith(OWN_FILES):
            continue
        answer = await place.get("limit=1", Accept="text/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8", place.path
        assert answer.headers["content-disposition"].startswith("attachment")
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        whole = await place.page("limit=200")
        named = next(name for name in ("id", "row_id", "mill_id") if name in lines[0])
        assert [line[named] for line in lines] == ids(whole), place.path
        assert not [cell for line in lines for cell in line.values() if cell.startswith(("=", "+", "@"))]
