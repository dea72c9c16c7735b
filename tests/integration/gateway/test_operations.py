"""What the operator sees of all services through the gateway, and what he does with events they gave up on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import aiohttp
import pytest_asyncio

from gateway.main import build
from shared.db import Database
from shared.scheduler import every
from shared.status import Status
from shared.wire import Wire
from tests.integration.gateway.conftest import bearer, settings_for, signed_in
from tests.support.database import service_database
from tests.support.ports import free_port
from tests.support.servers import serving

LETTERS = "/mvp/api/dead-letters"


@dataclass(frozen=True, slots=True)
class Room:
    """The gateway with catalog's worker behind it; matching's does not answer."""

    client: aiohttp.ClientSession
    catalog: Database
    gateway: Database
    operator: dict[str, str]
    buyer: dict[str, str]

    async def bury(self, count: int) -> list[str]:
        """The ids of new dead letters, latest first."""
        async with self.catalog.transaction() as conn:
            found = await conn.execute(
                "INSERT INTO dead_letter (stream, seq, epoch, event_id, type, key, meta, body, occurred_at, attempts,"
                " error, died_at) SELECT 'events.matching', n, gen_random_uuid(), gen_random_uuid(),"
                " 'matching.matches.closed.v1', 'k', '{}', '{}', now(), 6, 'ValueError: no', now() + n * interval '1 s'"
                " FROM generate_series(1, %(count)s) AS n RETURNING id",
                {"count": count},
            )
            return [str(row[0]) for row in await found.fetchall()][::-1]

    async def column(self, query: str, *, gateway: bool = False) -> list[object]:
        async with (self.gateway if gateway else self.catalog).transaction() as conn:
            return [row[0] for row in await (await conn.execute(query.encode())).fetchall()]


async def tick(_: Database) -> int:
    """A job that never has anything to do."""
    return 0


@pytest_asyncio.fixture(loop_scope="session")
async def room(database: str, db: Database, market: dict[str, UUID]) -> AsyncIterator[Room]:
    assert market
    port, worker = free_port(), free_port()
    ports: dict[str, int] = {"catalog": worker, "matching": free_port()}
    config = settings_for(database, port=port, upstream_ports={}, worker_ports=ports, connect_seconds=0.5)
    async with service_database("catalog") as catalog:
        wire = Wire("redis://127.0.0.1:1/0")
        status = Status(
            catalog, wire, roles=("relay",), jobs=(every(seconds=1, run=tick),), public_key=config.public_key
        )
        async with (
            serving(status.app(), worker),
            serving(build(config), port),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", cookie_jar=aiohttp.DummyCookieJar()) as client,
        ):
            operator = bearer(await signed_in(client, "op@offcut.example"))
            buyer = bearer(await signed_in(client, "kauf@kartonage.example"))
            yield Room(client, catalog, db, operator, buyer)
        await wire.close()


async def test_health_when_the_operator_asks_then_says_everything_about_every_service(room: Room) -> None:
    async with room.catalog.transaction() as conn:
        await conn.execute("INSERT INTO subscription (stream, applied_seq) VALUES ('events.catalog', 3)")
        await conn.execute("UPDATE stream_head SET seq = 10")
    async with room.client.get("/mvp/api/health", headers=room.operator) as answer:
        body = await answer.json()
    assert body["status"] == "degraded"
    services = {one["service"]: one for one in body["services"]}
    catalog = services["catalog"]
    assert (catalog["database"], catalog["redis"], catalog["version"]) == ("ok", "away", "0.1.0")
    assert (catalog["outbox_waiting"], catalog["parked"], catalog["dead"]) == (0, 0, 0)
    assert catalog["streams"] == [{"stream": "events.catalog", "applied": 3, "lag": 7, "stopped": None}]
    assert catalog["started_at"]
    assert services["matching"]["worker"] == "down"


async def test_health_when_others_ask_then_says_only_whether_it_is_up(room: Room) -> None:
    for headers in ({}, room.buyer):
        async with room.client.get("/mvp/api/health", headers=headers) as answer:
            assert (await answer.json())["services"] is None


async def test_dead_letters_when_listed_then_are_paged_latest_first_and_name_who_did_not_answer(room: Room) -> None:
    wanted = await room.bury(5)
    seen: list[str] = []
    query = f"{LETTERS}?limit=2"
    while True:
        async with room.client.get(query, headers=room.operator) as answer:
            assert answer.status == 200, await answer.text()
            page = await answer.json()
        assert page["unreachable"] == ["matching"]
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"{LETTERS}?limit=2&cursor={page['next_cursor']}"
    assert seen == wanted
    back = [one["id"] for one in page["items"]]
    while page["prev_cursor"] is not None:
        query = f"{LETTERS}?limit=2&cursor={page['prev_cursor']}"
        async with room.client.get(query, headers={**room.operator, "Prefer": "return=total-count"}) as answer:
            page = await answer.json()
        back = [one["id"] for one in page["items"]] + back
    assert (back, page["total_count"]) == (wanted, 5)
    async with room.client.get(f"{LETTERS}?sort=died_at&error__contains=no", headers=room.operator) as answer:
        assert [one["id"] for one in (await answer.json())["items"]] == wanted[::-1]
    async with room.client.get(f"{LETTERS}?service=catalog", headers=room.operator) as answer:
        page = await answer.json()
    assert (len(page["items"]), page["unreachable"]) == (5, [])
    assert page["items"][0]["error"] == "ValueError: no"


async def test_dead_letter_when_replayed_then_goes_back_once_and_who_did_it_is_kept(room: Room) -> None:
    letter, other = await room.bury(2)
    headers = {**room.operator, "Idempotency-Key": str(uuid4())}
    for replayed in (None, "true"):
        async with room.client.post(f"{LETTERS}/{letter}/replays", headers=headers) as answer:
            assert answer.status == 202, await answer.text()
            assert answer.headers.get("Idempotency-Replayed") == replayed
            assert (await answer.json())["service"] == "catalog"
    assert [str(one) for one in await room.column("SELECT id FROM dead_letter")] == [other]
    assert await room.column("SELECT seq FROM parked") == [2]
    kept = await room.column("SELECT requested_by FROM replay WHERE done_at IS NOT NULL", gateway=True)
    operator = await room.column("SELECT id FROM person WHERE email = 'op@offcut.example'", gateway=True)
    assert kept[-1:] == operator
    async with room.client.post(f"{LETTERS}/{other}/replays", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "idempotency_key_reused")


async def test_dead_letter_when_a_crash_came_before_the_answer_then_the_same_request_ends_it(room: Room) -> None:
    [letter] = await room.bury(1)
    key = str(uuid4())
    [operator] = await room.column("SELECT id FROM person WHERE email = 'op@offcut.example'", gateway=True)
    async with room.gateway.transaction() as conn:
        await conn.execute(
            "INSERT INTO replay (scope, dead_letter_id, service, type, requested_by)"
            " VALUES (%(scope)s, %(id)s, 'catalog', 't', %(by)s)",
            {"scope": f"{operator} {key}", "id": letter, "by": operator},
        )
    for _ in range(2):
        async with room.client.post(
            f"{LETTERS}/{letter}/replays", headers={**room.operator, "Idempotency-Key": key}
        ) as answer:
            assert answer.status == 202, await answer.text()
    assert await room.column("SELECT count(*) FROM parked") == [1]


async def test_dead_letters_when_not_for_the_asker_then_refused(room: Room) -> None:
    [letter] = await room.bury(1)
    key = {"Idempotency-Key": str(uuid4())}
    async with room.client.get(LETTERS, headers=room.buyer) as answer:
        assert answer.status == 403
    async with room.client.post(f"{LETTERS}/{letter}/replays", headers={**room.buyer, **key}) as answer:
        assert answer.status == 403
    async with room.client.post(f"{LETTERS}/{letter}/replays", headers=room.operator) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "idempotency_key_required")
    assert await room.column("SELECT count(*) FROM dead_letter") == [1]
