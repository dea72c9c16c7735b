"""One stream by itself: who takes nothing, who hears nothing for long, and a process that is about to end."""

import asyncio
import time
from uuid import uuid4

import aiohttp
import pytest_asyncio
from starlette.types import Message, Scope

from gateway.api.events import EventStream
from gateway.ear import Ear
from gateway.live import Feed, Wish
from gateway.main import build
from gateway.revocations import Revocations
from gateway.settings import GatewaySettings
from shared.auth import Actor
from shared.contracts.gateway import OrganizationKind, Role
from shared.db import Database
from shared.serve import server_of
from tests.integration.gateway.conftest import bearer, signed_in
from tests.integration.gateway.test_live import nobodys
from tests.support.ports import free_port
from tests.support.sse import Follower
from tests.support.told import tell
from tests.support.wait import until


@pytest_asyncio.fixture(loop_scope="session", name="feed")
async def a_feed_with_short_queues(db: Database, config: GatewaySettings) -> Feed:
    ear = Ear(db)
    short = config.model_copy(update={"live_frames_max": 5})
    feed = Feed(db, ear, Revocations(db, ear, kept_seconds=60), short)
    await feed.read()
    return feed


def operator() -> Actor:
    return Actor(
        user_id=uuid4(), organization_id=uuid4(), organization_kind=OrganizationKind.OPERATOR, role=Role.ADMIN,
        org_role="owner", session_id=uuid4(),
    )  # fmt: skip


async def _never_leaves() -> Message:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def test_client_who_takes_nothing_is_cut_and_the_others_are_not(feed: Feed, db: Database) -> None:
    taken: list[bytes] = []

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def eager(message: Message) -> None:
        taken.append(message.get("body", b""))

    slow, quick = feed.open(operator(), Wish()), feed.open(operator(), Wish())
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    one = asyncio.create_task(EventStream(feed, slow)(scope, _never_leaves, stuck))
    other = asyncio.create_task(EventStream(feed, quick)(scope, _never_leaves, eager))
    for _ in range(4):
        await tell(db, nobodys(), nobodys())
        await feed.read()
    async with asyncio.timeout(2):
        await one
    assert slow.ended == "slow"
    assert quick.ended is None
    await until(lambda: b"".join(taken).count(b"data: ") == 8, deadline_s=2, what="the quick one to hear everything")
    feed.end_all()
    async with asyncio.timeout(2):
        await other


async def test_silence_is_broken_by_a_heartbeat_that_moves_the_place_to_go_on_from(feed: Feed, db: Database) -> None:
    taken: list[bytes] = []

    async def take(message: Message) -> None:
        taken.append(message.get("body", b""))

    stream = feed.open(operator(), Wish(prefixes=("newsletter.",)))
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    task = asyncio.create_task(EventStream(feed, stream, heartbeat_seconds=0.05)(scope, _never_leaves, take))
    await tell(db, nobodys())  # not wished for
    await feed.read()
    pulse = b": nothing new\nid: %d\n\n" % feed.position
    await until(lambda: pulse in taken, deadline_s=2, what="a heartbeat with the newest id")
    assert feed.position > stream.begins_after
    stream.end("restart")
    async with asyncio.timeout(2):
        await task


async def test_stream_ends_at_once_when_its_gateway_does(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    headers = bearer(await signed_in(client, "kauf@kartonage.example"))
    port = free_port()
    server = server_of(build(config), port=port)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started, deadline_s=10, what="another gateway")
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        follower = Follower(session, headers)  # comes back on the same connection
        following = asyncio.create_task(follower.run())
        await until(lambda: follower.connections, deadline_s=5, what="a live client")
        began = time.monotonic()
        server.should_exit = True
        await task
        took = time.monotonic() - began
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert took < 3  # the server waits 8 s for answers that do not end
