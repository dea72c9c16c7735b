"""Live events: who hears what, from where on, and when it ends."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
import orjson
import pytest
import pytest_asyncio

from gateway.main import build
from gateway.settings import GatewaySettings
from gateway.store import events, identity
from gateway.tokens import access_token
from gateway.told import read
from gateway.usecases.history import record
from shared.contracts.base import Event
from shared.contracts.exclusivity import InterestRegistered
from shared.contracts.matching import RunCompleted
from shared.db import Database, clock
from tests.integration.gateway.conftest import bearer, signed_in
from tests.support.ports import free_port
from tests.support.servers import serving
from tests.support.sse import LiveClient, listening
from tests.support.told import envelope_of, examples, tell
from tests.support.wait import until

VIEWERS = {"admin": "op@offcut.example", "mill": "anna@lindholz.example", "buyer": "kauf@kartonage.example"}
SHOWN = {"type", "kind", "id", "version", "time", "href"}


def interest(buyer: UUID, position: int = 2) -> InterestRegistered:
    return InterestRegistered(
        item_id=uuid4(), mill_id=uuid4(), listing_cycle=1, interest_id=uuid4(), buyer_id=buyer, position=position,
        origin="person",
    )  # fmt: skip


def nobodys() -> RunCompleted:
    """What only operators hear."""
    return RunCompleted(run_id=uuid4(), scope="all", items=1, requirements=1, found=0, closed=0, duration_ms=1)


@pytest_asyncio.fixture(loop_scope="session", name="second")
async def a_second_gateway(config: GatewaySettings) -> AsyncIterator[aiohttp.ClientSession]:
    """Another process's app on the same database."""
    port = free_port()
    async with (
        serving(build(config.model_copy(update={"port": port})), port),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


def _texts(value: object) -> set[str]:
    """Every text and number of a body that could be recognised in an answer."""
    if isinstance(value, Mapping):
        return {text for one in cast("Mapping[str, object]", value).values() for text in _texts(one)}
    if isinstance(value, list):
        return {text for one in cast("list[object]", value) for text in _texts(one)}
    return {str(value)} if value is not None and not isinstance(value, bool) and len(str(value)) > 3 else set()


def _placed(event: Event, market: dict[str, UUID]) -> Event:
    """The example with our mill and our buyer in it."""
    text = event.model_dump_json()
    body = cast("dict[str, Any]", orjson.loads(text))
    for name, slug in (("mill_id", "lindholz"), ("buyer_id", "kartonage"), ("organization_id", "kartonage")):
        if name in body:
            text = text.replace(str(body[name]), str(market[slug]))
    for match in body.get("matches", ()):
        text = text.replace(str(match["buyer_id"]), str(market["kartonage"]))
    return type(event).model_validate_json(text)


async def test_every_event_reaches_whom_it_names_and_says_nothing_of_its_body(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    told = [_placed(one, market) for one in examples()]
    streams: dict[str, LiveClient] = {}
    async with asyncio.timeout(20):
        tokens = {name: bearer(await signed_in(client, email)) for name, email in VIEWERS.items()}
        async with (
            listening(client, tokens["admin"]) as streams["admin"],
            listening(client, tokens["mill"]) as streams["mill"],
            listening(client, tokens["buyer"]) as streams["buyer"],
        ):
            await tell(db, *told, interest(market["kartonage"]))
            whose = {"admin": None, "mill": market["lindholz"], "buyer": market["kartonage"]}
            for name, organization in whose.items():
                due = [one for one in told if organization is None or organization in one.audience]
                assert 0 < len(due) <= len(told)
                heard = await streams[name].take(len(due))
                assert [one["type"] for one in heard] == [one.TYPE for one in due]
                for event, said in zip(due, heard, strict=True):
                    assert set(said) == SHOWN, event.TYPE
                    allowed = {said["id"], said["type"], str(said["version"])}
                    secrets = _texts(orjson.loads(event.model_dump_json())) - allowed
                    plain = orjson.dumps({**said, "href": "", "id": "", "type": "", "kind": "", "time": ""}).decode()
                    assert not [one for one in secrets if one in plain], event.TYPE
                    assert str(said["id"]) in {event.key, *_texts(orjson.loads(event.model_dump_json()))}
            assert (await streams["buyer"].next() or {})["type"] == InterestRegistered.TYPE  # and nothing between


async def test_nobody_without_a_token_hears_anything(client: aiohttp.ClientSession) -> None:
    async with client.get("/mvp/api/events") as answer:
        assert answer.status == 401


async def test_two_gateways_tell_everything_once_and_either_goes_on_where_the_other_ended(
    client: aiohttp.ClientSession, second: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    headers = bearer(await signed_in(client, VIEWERS["buyer"]))
    own = [interest(market["kartonage"]) for _ in range(6)]
    ids = [str(one.interest_id) for one in own]
    async with listening(client, headers) as here, listening(second, headers) as there:
        await tell(db, own[0], nobodys(), own[1])
        assert [one["id"] for one in await here.take(2)] == [one["id"] for one in await there.take(2)] == ids[:2]
    await tell(db, own[2], nobodys(), own[3])
    async with listening(second, headers, last_id=here.last_id) as resumed:
        await tell(db, own[4])
        assert [one["id"] for one in await resumed.take(3)] == ids[2:5]
    query = f"?types=exclusivity.interest,gateway.user.changed.v1&last_event_id={resumed.last_id}"
    async with listening(client, headers, query=query) as again:
        await tell(db, own[5])
        assert [one["id"] for one in await again.take(1)] == ids[5:]


async def test_event_whose_batch_commits_late_is_not_passed_over(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    """Its id was taken first. Whoever has seen a later one must have seen it."""
    headers = bearer(await signed_in(client, VIEWERS["buyer"]))
    early, late = interest(market["kartonage"]), interest(market["kartonage"])
    async with listening(client, headers) as stream:
        async with db.transaction() as conn:
            await record(conn, [read(envelope_of(early))], notice_age_hours_max=72)
            overtaking = asyncio.create_task(tell(db, late))

            async def waits() -> bool:
                found = await conn.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
                row = await found.fetchone()
                return overtaking.done() or bool(row and row[0])

            await until(waits, deadline_s=5, what="the other batch to be done or to wait")
        await overtaking
        heard = await stream.take(2)
    assert [one["id"] for one in heard] == [str(early.interest_id), str(late.interest_id)]


@pytest.mark.parametrize("query", ["?types=exclusivity.windows", "?types=a'b", "?last_event_id=abc"])
async def test_wish_that_cannot_be_meant_is_refused(client: aiohttp.ClientSession, query: str) -> None:
    async with client.get(f"/mvp/api/events{query}", headers=bearer(await signed_in(client, VIEWERS["buyer"]))) as no:
        assert no.status == 400


async def test_who_missed_what_is_no_longer_kept_is_told_so_and_goes_on(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    headers = bearer(await signed_in(client, VIEWERS["buyer"]))
    await tell(db, *(interest(market["kartonage"]) for _ in range(3)))
    async with db.transaction() as conn:
        oldest = (await events.after(conn, 0, limit=1))[0].id
        await conn.execute("UPDATE event_log SET learnt_at = learnt_at - interval '31 days'")
        assert await events.prune(conn, days=30, limit=10_000)
        extent = await events.extent(conn)
    assert extent.pruned_to == extent.head
    for last in (str(oldest), str(extent.head + 1000)):  # too long ago; of a database that was put back
        async with listening(client, headers, last_id=last) as stream:
            await stream.next()
            assert stream.names == ["gone"]
            known = interest(market["kartonage"])
            await tell(db, known)
            assert (await stream.next() or {})["id"] == str(known.interest_id)


async def test_stream_ends_with_its_sign_in_within_two_seconds_on_every_gateway(
    client: aiohttp.ClientSession, second: aiohttp.ClientSession
) -> None:
    headers = bearer(await signed_in(client, VIEWERS["buyer"]))
    async with listening(client, headers) as here, listening(second, headers) as there:
        async with client.post("/mvp/api/auth/logout", headers=headers) as answer:
            assert answer.status == 204
        assert await asyncio.gather(here.ended(deadline_s=2), there.ended(deadline_s=2)) == [True, True]


async def test_stream_ends_when_its_token_does(
    client: aiohttp.ClientSession, config: GatewaySettings, db: Database
) -> None:
    async with db.transaction() as conn:
        account = await identity.account_by_email(conn, VIEWERS["buyer"])
        now = await clock(conn)
    assert account is not None
    token = access_token(account, session_id=uuid4(), settings=config, now=now, seconds=1)
    async with listening(client, {"Authorization": f"Bearer {token}"}) as stream:
        assert await stream.ended(deadline_s=3)


async def test_streams_of_one_person_are_counted_and_places_are_given_back(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    headers = bearer(await signed_in(client, VIEWERS["mill"]))
    answers = [await client.get("/mvp/api/events", headers=headers) for _ in range(config.live_streams_per_user_max)]
    async with client.get("/mvp/api/events", headers=headers) as one_too_many:
        assert (one_too_many.status, one_too_many.headers["Retry-After"]) == (429, "5")
    for answer in answers:
        assert answer.headers["X-Accel-Buffering"] == "no"  # or nginx waits until it has 4 KB
        answer.close()

    async def free_again() -> bool:
        async with client.get("/mvp/api/events", headers=headers) as answer:
            return answer.status == 200

    await until(free_again, deadline_s=5, what="the closed streams to be forgotten")
