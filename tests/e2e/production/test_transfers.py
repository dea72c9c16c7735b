"""Large bodies both ways, through nginx and the gateway: they pass, and nobody on the way holds them."""

import asyncio
import io
import re
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.support.memory import peak_mib, reset_peak, resident_mib
from tests.support.production import Place

pytestmark = pytest.mark.nginx

MIB = 1 << 20
LOTS = 50_000  # the longest export there is
GRADE = "BULK"
GROWTH_MIB_MAX = 4
KEEPING_MIB_MAX = 100  # who stores a list of 25 MiB has it once, and the client of PostgreSQL once or twice
LAST = "the last of all"
PROCESSES = 4  # two of each service
WARM = 6  # requests until each of them has had some
FORMATS = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
BOUNDARY = "a-boundary-of-ours"

_LOTS = """
    INSERT INTO item (item_id, mill_id, lot_key, version, listing_cycle, status, grade_code, form, gsm, weight_net_kg,
        quality_class, location_country, product_name, width_mm, diameter_mm, core_mm, reel_count, certification,
        defects, price, currency, price_unit, price_per_t, location_place, lot_version, listed_at, confirmed_at,
        created_at, updated_at)
    SELECT gen_random_uuid(), %(mill)s, 'bulk ' || n, 1, 1, 'available', %(grade)s, 'reel', 60 + n %% 200,
        1000 + n %% 20000, 'A', 'DE', CASE n WHEN %(lots)s THEN %(last)s ELSE 'Offset ' || n END,
        500 + n %% 2000, 1200, 76, 1 + n %% 9, '{FSC_MIX}', '{}', 400 + n %% 500, 'EUR', 't', 400 + n %% 500,
        'Steinach', 1, now() - n * interval '1 second', now(), now(), now()
    FROM generate_series(1, %(lots)s) AS n
"""


@pytest.fixture(scope="module", autouse=True)
def stock(place: Place) -> Iterator[None]:
    """As many lots as an export may have, in the order in which they are listed."""
    values = {"mill": UUID(place.market.organization("mill")), "grade": GRADE, "lots": LOTS}
    with psycopg.connect(url(place), autocommit=True) as conn:
        conn.execute(_LOTS, {**values, "last": LAST})
        conn.execute("ANALYZE item")
        yield
        conn.execute("DELETE FROM item WHERE grade_code = %(grade)s", {"grade": GRADE})


def url(place: Place) -> str:
    return place.system.layout.secrets()["OFFCUT_CATALOG_DATABASE_URL"]


def rename_last(place: Place, name: str) -> None:
    with psycopg.connect(url(place)) as conn:
        query = "UPDATE item SET product_name = %(name)s WHERE product_name LIKE %(last)s || '%%'"
        assert conn.execute(query, {"name": name, "last": LAST}).rowcount == 1


def processes(place: Place, *services: str) -> dict[int, str]:
    """The APIs of these services."""
    return {pid: name for name, pid in place.market.pids() if name.startswith(tuple(f"{one}-api" for one in services))}


@contextmanager
def growing(pids: dict[int, str]) -> Generator[dict[str, float]]:
    """By how many MiB each process grew meanwhile, at its largest."""
    grown: dict[str, float] = {}
    before = {pid: resident_mib(pid) for pid in pids}
    for pid in pids:
        reset_peak(pid)
    yield grown
    grown |= {f"{name} {pid}": peak_mib(pid) - before[pid] for pid, name in pids.items()}


async def export(place: Place, kind: str, *, asked: str, then: Callable[[], object] = bool) -> bytes:
    """The file; ``then`` is done as soon as its first bytes are there."""
    headers = {"Authorization": place.market.bearer("mill"), "Accept": FORMATS[kind]}
    async with place.session.get(f"/mvp/api/items?{asked}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        first = await answer.content.readany()
        await asyncio.to_thread(then)
        return first + await answer.content.read()


def rows_of(kind: str, file: bytes) -> list[str]:
    if kind == "csv":
        return file.decode("utf-8-sig").splitlines()[1:]
    sheet = zipfile.ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml").decode()
    return re.findall("<row>.*?</row>", sheet)[1:]


@pytest.mark.parametrize("kind", FORMATS)
async def test_export_of_fifty_thousand_lots_begins_before_they_are_read_and_is_held_by_nobody(
    place: Place, kind: str
) -> None:
    for _ in range(WARM):
        await export(place, kind, asked=f"grade_code={GRADE}&gsm=60")
    news = f"{LAST} as {kind}"  # only a row that is read after the first bytes came says so
    with growing(processes(place, "gateway", "catalog")) as grown:
        file = await export(
            place, kind, asked=f"grade_code={GRADE}&sort=-listed_at", then=lambda: rename_last(place, news)
        )
    rows = rows_of(kind, file)
    assert len(rows) == LOTS
    assert news in rows[-1]
    assert len(grown) == PROCESSES
    assert max(grown.values()) < GROWTH_MIB_MAX, grown


def form(size: int) -> bytes:
    """A body of exactly that many bytes with a file that is no list, which is seen at once."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n\r\n'.encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    content = uuid4().hex.encode()
    return head + content.ljust(size - len(head) - len(tail), b"x") + tail


async def upload(place: Place, body: bytes, **headers: str) -> tuple[int, Any]:
    """Status and answer."""
    given = {
        "Authorization": place.market.bearer("mill"),
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    async with place.session.post("/mvp/api/batches", data=io.BytesIO(body), headers=given) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_upload_of_sixty_four_mebibytes_is_refused_in_words_and_a_list_is_held_only_where_it_is_kept(
    place: Place,
) -> None:
    for _ in range(WARM):
        assert (await upload(place, form(MIB), Idempotency_Key=str(uuid4())))[0] == 202
    with growing(processes(place, "gateway", "ingestion")) as grown:
        for _ in range(WARM):  # by either gateway to either instance
            status, problem = await upload(place, form(64 * MIB), Idempotency_Key=str(uuid4()))
            assert (status, problem["code"]) == (413, "payload_too_large")
            status, problem = await upload(place, form(20 * MIB))
            assert (status, problem["code"]) == (400, "idempotency_key_required")
    assert len(grown) == PROCESSES
    assert max(grown.values()) < GROWTH_MIB_MAX, grown
    with growing(processes(place, "gateway")) as grown, growing(processes(place, "ingestion")) as keeping:
        status, batch = await upload(place, form(25 * MIB), Idempotency_Key=str(uuid4()))
        assert status == 202, batch
    assert max(grown.values()) < GROWTH_MIB_MAX, grown
    assert max(keeping.values()) < KEEPING_MIB_MAX, keeping
    assert place.market.wait_until_decided(batch["id"])["status"] == "failed"
