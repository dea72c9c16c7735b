"""What people ask about themselves: all we hold, or to be forgotten."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid4

import aiohttp
import pytest_asyncio

from gateway.gathering import gather_next
from gateway.main import build
from gateway.settings import GatewaySettings
from services.newsletter.store.personal import about
from shared import numbering
from shared.db import Database
from shared.status import Status
from shared.wire import Wire
from tests.integration.gateway.conftest import settings_for
from tests.integration.gateway.people import Answer, Caller, Json, caller
from tests.integration.gateway.test_people import member
from tests.support.database import service_database
from tests.support.ports import free_port
from tests.support.servers import serving

OWNER, BUYER, OPERATOR = "anna@lindholz.example", "kauf@kartonage.example", "op@offcut.example"


@dataclass(frozen=True, slots=True)
class Room:
    """The gateway with newsletter's worker behind it; ``silent`` names a worker that does not answer."""

    client: aiohttp.ClientSession
    config: GatewaySettings
    gateway: Database
    newsletter: Database
    silent: GatewaySettings

    async def somebody(self, name: str) -> tuple[Caller, str]:
        """A new member of the mill, and his id."""
        who = await member(self.client, self.gateway, self.config, f"{name}@lindholz.example")
        return who, str((await who.get("/auth/me")).body["id"])

    async def texts(self, query: str, user_id: str) -> list[str]:
        async with self.gateway.transaction() as conn:
            rows = await (await conn.execute(query.encode(), {"id": user_id})).fetchall()
        return [str(row[0]) for row in rows]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def room(database: str, db: Database, market: dict[str, UUID]) -> AsyncIterator[Room]:
    assert market
    port, worker = free_port(), free_port()
    config = settings_for(database, port=port, upstream_ports={}, worker_ports={"gateway": 1, "newsletter": worker})
    silent = config.model_copy(update={"worker_ports": {"newsletter": free_port()}, "archive_attempts_max": 1})
    async with service_database("newsletter") as newsletter:
        wire = Wire("redis://127.0.0.1:1/0")
        status = Status(newsletter, wire, roles=(), jobs=(), public_key=config.public_key, personal=about)
        async with (
            serving(status.app(), worker),
            serving(build(config), port),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", cookie_jar=aiohttp.DummyCookieJar()) as client,
        ):
            yield Room(client, config, db, newsletter, silent)
        await wire.close()


async def ask(who: Caller, user_id: str, kind: str) -> Answer:
    return await who.post(f"/users/{user_id}/privacy-requests", {"type": kind})


def below(answer: Answer) -> str:
    return answer.headers["location"].removeprefix("/mvp/api")


async def test_export_when_asked_for_then_holds_what_every_service_knows_and_no_secret(room: Room) -> None:
    ida, ida_id = await room.somebody("ida")
    async with room.newsletter.transaction() as conn:
        await conn.execute(
            "INSERT INTO user_replica (user_id, version, organization_id, role, status, name, email, language,"
            " time_zone) VALUES (%(id)s, 1, %(id)s, 'mill_user', 'active', 'Ida', 'ida@lindholz.example', 'de', 'UTC')",
            {"id": ida_id},
        )
    asked = await ask(ida, ida_id, "export")
    again = await ask(ida, ida_id, "export")
    assert (asked.status, asked.body["status"], again.body["id"]) == (202, "open", asked.body["id"])
    assert (await ida.get(f"{below(asked)}/archive")).status == 409
    assert await gather_next(room.gateway, room.config) == 1
    ready = await ida.get(below(asked))
    assert ready.body["status"] == "done"
    archive = await ida.get(str(ready.body["archive"]).removeprefix("/mvp/api"))
    assert "attachment" in archive.headers["content-disposition"]
    gateway, newsletter = cast(Json, archive.body["gateway"]), cast(Json, archive.body["newsletter"])
    assert cast(Json, gateway["profile"])["email"] == "ida@lindholz.example"
    assert cast(list[Json], gateway["sessions"])
    assert cast(Json, newsletter["profile"])["name"] == "Ida"
    assert "argon2" not in json.dumps(archive.body)


async def test_export_when_its_time_is_over_then_gone(room: Room) -> None:
    eva, eva_id = await room.somebody("eva")
    asked = await ask(eva, eva_id, "export")
    await gather_next(room.gateway, room.config)
    async with room.gateway.transaction() as conn:
        await conn.execute("UPDATE privacy_request SET expires_at = clock() WHERE id = %(id)s", asked.body)
    assert (await eva.get(f"{below(asked)}/archive")).status == 410


async def test_export_when_a_service_is_silent_then_tried_again_and_at_last_failed_with_its_name(room: Room) -> None:
    ole, ole_id = await room.somebody("ole")
    asked = await ask(ole, ole_id, "export")
    patient = room.silent.model_copy(update={"archive_attempts_max": 2})
    assert await gather_next(room.gateway, patient) == 1
    assert (await ole.get(below(asked))).body["status"] == "open"
    assert await gather_next(room.gateway, patient) == 0  # not before the lease ends
    async with room.gateway.transaction() as conn:
        await conn.execute("UPDATE privacy_request SET due_at = clock() WHERE id = %(id)s", asked.body)
    assert await gather_next(room.gateway, patient) == 1
    failed = await ole.get(below(asked))
    assert (failed.body["status"], failed.body["reason"]) == ("failed", "newsletter did not answer")


async def test_erasure_when_done_then_nothing_names_the_person_and_he_is_out(room: Room) -> None:
    uwe, uwe_id = await room.somebody("uwe")
    await ask(uwe, uwe_id, "export")
    erased = await ask(uwe, uwe_id, "erasure")
    assert (erased.status, erased.body["status"]) == (202, "done")
    operator = await caller(room.client, OPERATOR)
    shown = await operator.get(f"/users/{uwe_id}")
    assert (shown.body["status"], shown.body["name"]) == ("erased", "Former user")
    assert (await ask(operator, uwe_id, "erasure")).status == 410
    assert (await ask(operator, uwe_id, "export")).status == 410
    everything = [
        "SELECT to_jsonb(p)::text FROM person p WHERE id = %(id)s",
        "SELECT to_jsonb(m)::text FROM mail m WHERE person_id = %(id)s",
        "SELECT body FROM outbox WHERE key = %(id)s::text AND body LIKE '%%erased%%'",
        "SELECT body FROM sent WHERE key = %(id)s::text",
        "SELECT changes::text FROM audit_entry WHERE entity_id = %(id)s::text",
    ]
    found = [text for query in everything for text in await room.texts(query, uwe_id)]
    assert found
    assert not [text for text in found if "uwe" in text.lower() or "argon2" in text]
    types = await room.texts("SELECT type FROM outbox WHERE key = %(id)s::text", uwe_id)
    assert "gateway.user.erased.v1" in types


async def test_erasure_when_he_was_a_contact_then_no_stored_event_names_him_and_neighbours_stay_throttled(
    room: Room,
) -> None:
    pia, pia_id = await room.somebody("pia")
    owner = await caller(room.client, OWNER)
    home = str(cast(Json, (await owner.get("/auth/me")).body["organization"])["id"])
    before = await owner.get(f"/organizations/{home}")
    contacts = [{"name": "Pia Nebel", "email": "pia@lindholz.example"}, {"name": "Desk", "email": "d@lindholz.example"}]
    changed = await owner.call("PATCH", f"/organizations/{home}", {"contacts": contacts}, etag=before.etag)
    assert changed.status == 200, changed.body
    async with room.gateway.transaction() as conn:
        await numbering.give_numbers(conn, "gateway", await numbering.head_of(conn, "gateway"))
        await conn.execute(
            "INSERT INTO login_failure (key, failures, last_at) VALUES ('pia@lindholz.example 192.0.2.1', 1, clock()),"
            " ('olympia@lindholz.example 192.0.2.1', 1, clock())"
        )
    assert (await ask(pia, pia_id, "erasure")).status == 202
    stored = await room.texts("SELECT body FROM sent UNION ALL SELECT body FROM outbox", pia_id)
    assert any("Desk" in body for body in stored)
    assert not [body for body in stored if "Nebel" in body or '"pia@' in body]
    keys = await room.texts("SELECT key FROM login_failure WHERE key LIKE '%%192.0.2.1'", pia_id)
    assert keys == ["olympia@lindholz.example 192.0.2.1"]


async def test_request_when_made_for_another_then_only_the_operator_may(room: Room) -> None:
    _, kim_id = await room.somebody("kim")
    owner, buyer, operator = [await caller(room.client, one) for one in (OWNER, BUYER, OPERATOR)]
    assert [(await ask(one, kim_id, "export")).status for one in (owner, buyer)] == [403, 404]
    asked = await ask(operator, kim_id, "export")
    assert asked.status == 202
    assert (await buyer.get(below(asked))).status == 404
    assert (await operator.get(f"/users/{kim_id}/privacy-requests/{uuid4()}")).status == 404


async def test_erasure_when_he_is_the_last_owner_then_refused_with_the_way_on(room: Room) -> None:
    owner = await caller(room.client, OWNER)
    own_id = str((await owner.get("/auth/me")).body["id"])
    refused = await ask(owner, own_id, "erasure")
    assert refused.status == 409
    assert "somebody else an owner" in str(refused.body["detail"])


async def test_worker_when_asked_without_the_gateways_token_then_says_nothing(room: Room) -> None:
    url = f"http://127.0.0.1:{room.config.worker_ports['newsletter']}/internal/people/{uuid4()}"
    owner = await caller(room.client, OWNER)
    async with aiohttp.ClientSession() as session:
        for headers, status in (({}, 401), (owner.headers, 403)):
            async with session.get(url, headers=headers) as answer:
                assert answer.status == status
