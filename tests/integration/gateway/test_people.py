"""Inviting, accepting, changing and shutting out people; forgetting a password."""

from uuid import UUID, uuid4

import aiohttp
import pytest

from gateway.settings import GatewaySettings
from shared.db import Database
from tests.integration.gateway.conftest import PASSWORD, bearer, signed_in
from tests.integration.gateway.people import Caller, caller, mailed_links, token_in
from tests.support.smtp import recording_relay
from tests.support.wait import until

OWNER, BUYER, OPERATOR = "anna@lindholz.example", "kauf@kartonage.example", "op@offcut.example"
NEW_PASSWORD = "another long password"


async def invited(client: aiohttp.ClientSession, db: Database, config: GatewaySettings, email: str) -> str:
    """The token in the mail of an invitation by the mill's owner."""
    owner = await caller(client, OWNER)
    answer = await owner.post("/users", {"email": email, "name": "Ben {{7*7}} <b>"})
    assert answer.status in (200, 201), answer.body
    async with recording_relay() as relay:
        return token_in((await mailed_links(db, config, relay))[email])


async def member(client: aiohttp.ClientSession, db: Database, config: GatewaySettings, email: str) -> Caller:
    token = await invited(client, db, config, email)
    accepted = await Caller(client).post(f"/invitations/{token}/acceptances", {"password": PASSWORD})
    assert (accepted.status, accepted.body["status"]) == (201, "active"), accepted.body
    return await caller(client, email)


async def test_invitation_when_sent_again_then_only_the_newest_link_opens_once(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    first = await invited(client, db, config, "ben@lindholz.example")
    second = await invited(client, db, config, "ben@lindholz.example")
    assert first != second
    nobody = Caller(client)
    body = {"password": PASSWORD, "name": "Ben"}
    statuses = [
        (await nobody.post(f"/invitations/{token}/acceptances", body)).status
        for token in (first, "x" * 43, second, second)
    ]
    assert statuses == [410, 404, 201, 410]
    found = await (await caller(client, "ben@lindholz.example")).get("/auth/me")
    assert (found.body["name"], found.body["role"], found.body["org_role"]) == ("Ben", "mill_user", "member")


async def test_invitation_when_repeated_with_its_key_then_one_effect(client: aiohttp.ClientSession) -> None:
    owner, key, body = await caller(client, OWNER), str(uuid4()), {"email": "once@lindholz.example", "name": "Once"}
    first = await owner.call("POST", "/users", body, key=key)
    again = await owner.call("POST", "/users", body, key=key)
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert (await owner.call("POST", "/users", body)).status == 400


async def test_invitation_when_the_address_is_taken_or_the_role_does_not_fit_then_refused(
    client: aiohttp.ClientSession, market: dict[str, UUID]
) -> None:
    owner = await caller(client, OWNER)
    assert (await owner.post("/users", {"email": BUYER, "name": "X"})).status == 409
    role = {"email": "r@lindholz.example", "name": "X", "role": "admin"}
    assert (await owner.post("/users", role)).status == 422
    foreign = {"email": "r@lindholz.example", "name": "X", "organization_id": str(market["kartonage"])}
    assert (await owner.post("/users", foreign)).status == 404
    for hostile in ("a\r\nBcc: x@y.example@lindholz.example", "a b@lindholz.example", "<a@lindholz.example>"):
        assert (await owner.post("/users", {"email": hostile, "name": "X"})).status == 422


async def test_users_when_asked_for_then_each_sees_only_whom_he_manages(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    eva = await member(client, db, config, "eva@lindholz.example")
    owner, buyer, operator = [await caller(client, one) for one in (OWNER, BUYER, OPERATOR)]
    eva_id = (await eva.get("/auth/me")).body["id"]
    statuses = [(await one.get(f"/users/{eva_id}")).status for one in (eva, owner, operator, buyer, Caller(client))]
    assert statuses == [200, 200, 200, 404, 401]
    assert [(await one.get("/users")).status for one in (eva, owner, operator)] == [403, 200, 200]
    assert (await buyer.get(f"/users/{uuid4()}")).body["detail"] == (await buyer.get(f"/users/{eva_id}")).body["detail"]
    page = await owner.get("/users?limit=200")
    assert {str(one["email"]).rpartition("@")[2] for one in page.items} == {"lindholz.example"}
    first = await operator.get("/users?limit=2")
    second = await operator.get(f"/users?limit=200&cursor={first.body['next_cursor']}")
    emails = [str(one["email"]) for one in [*first.items, *second.items]]
    assert emails == sorted(set(emails))


async def test_user_when_changed_then_by_the_right_person_and_version_only(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    kim = await member(client, db, config, "kim@lindholz.example")
    owner, buyer = await caller(client, OWNER), await caller(client, BUYER)
    path = f"/users/{(await kim.get('/auth/me')).body['id']}"
    etag = (await kim.get(path)).etag
    assert (await kim.call("PATCH", path, {"language": "de"})).status == 428
    assert (await buyer.call("PATCH", path, {"language": "de"}, etag=etag)).status == 404
    assert (await kim.call("PATCH", path, {"org_role": "owner"}, etag=etag)).status == 403
    for refused in ({"status": "inactive"}, {"email": "x@y.example"}, {"name": None}, {"time_zone": "Mars/Base"}):
        assert (await owner.call("PATCH", path, refused, etag=etag)).status == 422
    changed = await kim.call("PATCH", path, {"language": "de"}, etag=etag)
    assert (changed.status, changed.body["language"]) == (200, "de")
    assert (await kim.call("PATCH", path, {"language": "fr"}, etag=etag)).status == 412
    async with db.transaction() as conn:
        cursor = await conn.execute(
            "SELECT body::jsonb -> 'changes', meta::jsonb -> 'actor' ->> 'user_id' FROM outbox"
            " WHERE type = 'gateway.user.changed.v1' ORDER BY id DESC LIMIT 1"
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] == [{"field": "language", "old": "en", "new": "de"}]
    assert row[1] == (await kim.get("/auth/me")).body["id"]


async def test_user_when_made_an_owner_then_his_old_token_must_be_refreshed(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    await member(client, db, config, "lea@lindholz.example")
    tokens = await signed_in(client, "lea@lindholz.example")
    lea, owner = Caller(client, bearer(tokens)), await caller(client, OWNER)
    path = f"/users/{(await lea.get('/auth/me')).body['id']}"
    assert (await owner.call("PATCH", path, {"org_role": "owner"}, etag=(await owner.get(path)).etag)).status == 200

    async def stale() -> bool:
        return (await lea.get("/auth/me")).body.get("code") == "token_expired"

    await until(stale, deadline_s=2, what="the token that speaks of old rights to be refused")
    async with client.post("/mvp/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}) as response:
        renewed = Caller(client, bearer(await response.json()))
    assert (await renewed.get("/users")).status == 200


async def test_user_when_shut_out_then_nothing_works_until_he_is_let_in_again(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    tom = await member(client, db, config, "tom@lindholz.example")
    owner = await caller(client, OWNER)
    path = f"/users/{(await tom.get('/auth/me')).body['id']}"
    etag = (await owner.get(path)).etag
    assert (await owner.call("PUT", f"{path}/status", {"status": "inactive"}, etag=etag)).status == 422
    shut = await owner.call("PUT", f"{path}/status", {"status": "inactive", "reason": "left us"}, etag=etag)
    assert (shut.status, shut.body["status"]) == (200, "inactive")

    async def refused() -> bool:
        return (await tom.get("/auth/me")).body.get("code") == "token_revoked"

    await until(refused, deadline_s=2, what="the token of who was shut out to be refused")
    async with client.post(
        "/mvp/api/auth/login", json={"email": "tom@lindholz.example", "password": PASSWORD}
    ) as response:
        assert response.status == 401
    again = await owner.call("PUT", f"{path}/status", {"status": "revoked"}, etag=shut.etag)
    assert (again.status, again.body["allowed"]) == (409, ["active"])
    assert (await owner.call("PUT", f"{path}/status", {"status": "active"}, etag=shut.etag)).status == 200
    assert (await (await caller(client, "tom@lindholz.example")).get("/auth/me")).status == 200


async def test_owner_when_the_last_one_then_stays(client: aiohttp.ClientSession) -> None:
    buyer = await caller(client, BUYER)
    path = f"/users/{(await buyer.get('/auth/me')).body['id']}"
    etag = (await buyer.get(path)).etag
    assert (await buyer.call("PATCH", path, {"org_role": "member"}, etag=etag)).status == 409
    body = {"status": "inactive", "reason": "holidays"}
    assert (await buyer.call("PUT", f"{path}/status", body, etag=etag)).status == 409


async def test_password_when_changed_then_other_sessions_end_and_this_one_goes_on(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    this = await member(client, db, config, "pia@lindholz.example")
    other = await caller(client, "pia@lindholz.example")
    change = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    assert (await this.call("PUT", "/auth/password", change)).status == 422
    assert (
        await this.call("PUT", "/auth/password", {"current_password": PASSWORD, "new_password": "short"})
    ).status == 422
    assert (await this.call("PUT", "/auth/password", {**change, "current_password": PASSWORD})).status == 204

    async def refused() -> bool:
        return (await other.get("/auth/me")).status == 401

    await until(refused, deadline_s=2, what="the other session to be refused")
    assert (await this.get("/auth/me")).status == 200


async def test_password_when_forgotten_then_a_link_sets_a_new_one_once(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    before = await member(client, db, config, "ida@lindholz.example")
    nobody = Caller(client)
    answers = [
        await nobody.call("POST", "/auth/password-resets", {"email": email})
        for email in ("IDA@lindholz.example", "nobody@lindholz.example")
    ]
    assert [one.status for one in answers] == [202, 202]
    assert answers[0].body == answers[1].body
    async with recording_relay() as relay:
        links = await mailed_links(db, config, relay)
    assert list(links) == ["IDA@lindholz.example"]
    token = token_in(links["IDA@lindholz.example"])
    assert (await nobody.post(f"/invitations/{token}/acceptances", {"password": NEW_PASSWORD})).status == 404
    path = f"/auth/password-resets/{token}"
    assert (await nobody.call("PUT", path, {"password": "short"})).status == 422
    assert (await nobody.call("PUT", path, {"password": NEW_PASSWORD})).status == 204
    used = await nobody.call("PUT", path, {"password": NEW_PASSWORD})
    assert (used.status, used.body["code"]) == (410, "gone")
    assert token not in str(used.body)

    async def refused() -> bool:
        return (await before.get("/auth/me")).status == 401

    await until(refused, deadline_s=2, what="the sessions from before to be refused")
    async with client.post(
        "/mvp/api/auth/login", json={"email": "ida@lindholz.example", "password": NEW_PASSWORD}
    ) as response:
        assert response.status == 200


async def test_reset_when_too_old_then_gone(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    await Caller(client).call("POST", "/auth/password-resets", {"email": BUYER})
    async with recording_relay() as relay:
        token = token_in((await mailed_links(db, config, relay))[BUYER])
    async with db.transaction() as conn:
        await conn.execute("UPDATE mail_link SET expires_at = clock() WHERE purpose = 'password_reset'")
    answer = await Caller(client).call("PUT", f"/auth/password-resets/{token}", {"password": NEW_PASSWORD})
    assert answer.status == 410


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "550 5.1.1 no such user"], ids=["later", "never"])
async def test_mail_when_refused_then_tried_again_with_the_same_id_or_given_up(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings, answer: str
) -> None:
    email = f"refused-{answer[:3]}@lindholz.example"
    owner = await caller(client, OWNER)
    await owner.post("/users", {"email": email, "name": "Refused"})
    async with recording_relay() as relay:
        relay.refusals[email] = answer
        assert email not in await mailed_links(db, config, relay)
        async with db.transaction() as conn:
            await conn.execute("UPDATE mail SET due_at = clock() WHERE status = 'queued'")
        relay.refusals.clear()
        links = await mailed_links(db, config, relay)
    assert (email in links) is answer.startswith("4")


async def test_mail_when_the_server_drops_after_the_last_dot_then_the_copy_has_the_same_id(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    email = "dropped@lindholz.example"
    await (await caller(client, OWNER)).post("/users", {"email": email, "name": "Dropped"})
    async with recording_relay() as relay:
        relay.drop_after_data = True
        await mailed_links(db, config, relay)
        relay.drop_after_data = False
        async with db.transaction() as conn:
            await conn.execute("UPDATE mail SET due_at = clock() WHERE status = 'queued'")
        await mailed_links(db, config, relay)
        ids = [line for one in relay.accepted for line in one.content.split(b"\r\n") if line.startswith(b"Message-ID")]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_database_when_read_then_holds_no_usable_token(db: Database) -> None:
    async with db.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM mail")
        assert (await cursor.fetchone() or (0,))[0] > 0
        for table in ("mail", "outbox", "idempotency"):
            found = await conn.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%/mvp/app/%%'")
            assert await found.fetchone() == (0,)


async def test_link_when_looked_at_in_a_browser_then_used_up_only_by_the_form(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    token = await invited(client, db, config, "uma@lindholz.example")
    page = f"/mvp/app/invitations/{token}"
    for _ in range(2):  # a mail program looks first
        async with client.get(page) as response:
            assert response.status == 200
            assert "Accept the invitation" in await response.text()
    answers: list[int] = []
    for password in ("short", PASSWORD, PASSWORD):
        async with client.post(page, data={"password": password}) as response:
            answers.append(response.status)
    assert answers == [422, 200, 410]
    assert (await (await caller(client, "uma@lindholz.example")).get("/auth/me")).status == 200
