"""Companies register, are let in, change, are suspended; the senders their lists come from."""

from uuid import UUID, uuid4

import aiohttp

from gateway.settings import GatewaySettings
from shared.db import Database
from tests.integration.gateway.conftest import PASSWORD, bearer, signed_in
from tests.integration.gateway.people import Caller, caller, mailed_links, token_in
from tests.support.smtp import recording_relay
from tests.support.wait import until

OWNER, BUYER, OPERATOR = "anna@lindholz.example", "kauf@kartonage.example", "op@offcut.example"


def application(name: str, email: str) -> dict[str, object]:
    return {
        "kind": "buyer", "name": name, "country": "AT", "language": "de", "time_zone": "Europe/Vienna",
        "user": {"name": "Erste", "email": email},
    }  # fmt: skip


async def let_in(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings, name: str, email: str
) -> tuple[str, Caller]:
    """A registered, approved company and its first user, signed in."""
    registered = await Caller(client).post("/registrations", application(name, email))
    assert (registered.status, registered.body["status"]) == (201, "pending"), registered.body
    path = f"/organizations/{registered.body['organization_id']}"
    operator = await caller(client, OPERATOR)
    async with recording_relay() as relay:
        assert email not in await mailed_links(db, config, relay), "nobody is written to before the approval"
    body = {"status": "approved", "reason": "known in the trade"}
    approved = await operator.call("PUT", f"{path}/status", body, etag=(await operator.get(path)).etag)
    assert (approved.status, approved.body["status"]) == (200, "approved"), approved.body
    async with recording_relay() as relay:
        token = token_in((await mailed_links(db, config, relay))[email])
    accepted = await Caller(client).post(f"/invitations/{token}/acceptances", {"password": PASSWORD})
    assert accepted.status == 201
    return path, await caller(client, email)


async def test_registration_when_approved_then_its_first_user_is_the_owner(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    path, first = await let_in(client, db, config, "Säge & Söhne", "erste@saege.example")
    me = (await first.get("/auth/me")).body
    assert (me["role"], me["org_role"]) == ("buyer_user", "owner")
    own = await first.get(path)
    assert (own.body["slug"], own.body["status"], own.body["trusted"]) == ("sage-sohne", "approved", False)


async def test_registration_when_the_address_is_known_then_the_answer_tells_nothing(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings, market: dict[str, UUID]
) -> None:
    answer = await Caller(client).post("/registrations", application("Copy", BUYER))
    assert (answer.status, answer.body["status"]) == (201, "pending")
    operator = await caller(client, OPERATOR)
    assert (await operator.get(f"/organizations/{answer.body['organization_id']}")).status == 404
    async with recording_relay() as relay:
        assert (await mailed_links(db, config, relay))[BUYER] == "/mvp/app/sign-in"


async def test_registration_when_repeated_from_one_address_then_it_pauses(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM login_failure WHERE key LIKE 'register %'")
    answers = [
        (await Caller(client).post("/registrations", application(f"Many {n}", f"many{n}@many.example"))).status
        for n in range(config.registrations_per_address_max + 1)
    ]
    assert answers == [201] * config.registrations_per_address_max + [429]
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM login_failure WHERE key LIKE 'register %'")


async def test_registration_when_privileges_are_slipped_in_then_refused(client: aiohttp.ClientSession) -> None:
    for extra in ({"trusted": True}, {"status": "approved"}, {"kind": "operator"}, {"role": "admin"}):
        answer = await Caller(client).post("/registrations", application("X", "x@x.example") | extra)
        assert answer.status == 422
    assert (await Caller(client).call("POST", "/registrations", application("X", "x@x.example"))).status == 400


async def test_organization_when_changed_then_by_its_owner_and_trust_by_the_operator(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    path = f"/organizations/{market['lindholz']}"
    owner, buyer, operator = [await caller(client, one) for one in (OWNER, BUYER, OPERATOR)]
    etag = (await owner.get(path)).etag
    assert (await owner.call("PATCH", path, {"name": "Lindholz AG"})).status == 428
    assert (await buyer.call("PATCH", path, {"name": "Mine"}, etag=etag)).status == 404
    assert (await Caller(client).call("PATCH", path, {"name": "Mine"}, etag=etag)).status == 401
    assert (await owner.call("PATCH", path, {"trusted": True}, etag=etag)).status == 403
    for refused in ({"status": "approved"}, {"slug": "x"}, {"kind": "buyer"}, {"name": "a\nb"}, {"currency": "euro"}):
        assert (await owner.call("PATCH", path, refused, etag=etag)).status == 422
    changed = await owner.call("PATCH", path, {"name": "Lindholz AG", "currency": "SEK"}, etag=etag)
    assert (changed.status, changed.body["name"], changed.body["currency"]) == (200, "Lindholz AG", "SEK")
    assert (await owner.call("PATCH", path, {"name": "Late"}, etag=etag)).status == 412
    trusted = await operator.call("PATCH", path, {"trusted": True}, etag=changed.etag)
    assert (trusted.status, trusted.body["trusted"]) == (200, True)
    async with db.transaction() as conn:
        cursor = await conn.execute(
            "SELECT body::jsonb -> 'changes' FROM outbox WHERE type = 'gateway.organization.changed.v1'"
            " ORDER BY id DESC LIMIT 2"
        )
        last, before = [row[0] for row in await cursor.fetchall()]
    assert last == [{"field": "trusted", "old": False, "new": True}]
    assert {one["field"]: (one["old"], one["new"]) for one in before} == {
        "name": ("Lindholz Papier", "Lindholz AG"), "currency": ("EUR", "SEK"),
    }  # fmt: skip


async def test_senders_when_somebody_else_has_them_then_refused(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    path, other = await let_in(client, db, config, "Other Mill", "o@other.example")
    etag = (await other.get(path)).etag
    for claim in (
        {"sender_domains": ["lindholz.example"]},
        {"sender_addresses": ["stock@lindholz.example"]},
        {"sender_addresses": ["LISTS@lindholz.example"]},
        {"sender_domains": ["gmail.com"]},
        {"sender_domains": ["not a domain"]},
    ):
        assert (await other.call("PATCH", path, claim, etag=etag)).status == 422, claim
    own = await other.call("PATCH", path, {"sender_domains": ["Other.Example"]}, etag=etag)
    assert (own.status, own.body["sender_domains"]) == (200, ["other.example"])


async def test_status_when_not_the_operator_then_refused(
    client: aiohttp.ClientSession, market: dict[str, UUID]
) -> None:
    body = {"status": "suspended", "reason": "because"}
    for who, expected in ((OWNER, 403), (BUYER, 403)):
        path = f"/organizations/{market['lindholz']}/status"
        assert (await (await caller(client, who)).call("PUT", path, body, etag='"1"')).status == expected
    operator = await caller(client, OPERATOR)
    own = f"/organizations/{market['operator']}"
    etag = (await operator.get(own)).etag
    assert (await operator.call("PUT", f"{own}/status", body, etag=etag)).status == 409
    assert (await operator.call("PUT", f"{own}/status", {"status": "closed"}, etag=etag)).status == 422
    assert (await operator.call("PUT", f"/organizations/{uuid4()}/status", body, etag=etag)).status == 404


async def test_suspended_when_writing_then_403_for_every_service_and_reading_goes_on(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    email = "s@suspended.example"
    path, owner = await let_in(client, db, config, "Soon Suspended", email)
    tokens = await signed_in(client, email)
    operator = await caller(client, OPERATOR)
    body = {"status": "suspended", "reason": "does not pay"}
    done = await operator.call("PUT", f"{path}/status", body, etag=(await operator.get(path)).etag)
    assert done.status == 200

    async def stale() -> bool:
        return (await owner.get("/auth/me")).body.get("code") == "token_expired"

    await until(stale, deadline_s=2, what="the token from before to be refused")
    async with client.post("/mvp/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}) as response:
        renewed = Caller(client, bearer(await response.json()))
    assert (await renewed.get(path)).body["status"] == "suspended"
    for service_path in ("/items", "/batches", "/requirements", "/interests", "/users", "/api-tokens"):
        refused = await renewed.post(service_path, {})
        assert (refused.status, refused.body["code"]) == (403, "organization_suspended"), service_path
    assert (await renewed.call("POST", "/auth/logout")).status == 204
    closed = await operator.call("PUT", f"{path}/status", {"status": "closed", "reason": "gone"}, etag=done.etag)
    assert closed.status == 200
    async with client.post("/mvp/api/auth/login", json={"email": email, "password": PASSWORD}) as response:
        assert response.status == 401
