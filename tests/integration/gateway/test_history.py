"""What people are told of events, and what the audit keeps of deeds."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
import psycopg
import pytest

from gateway.store import notifications
from gateway.usecases.deaths import tell_of_dead_letters
from shared.contracts.base import ActorRef
from shared.contracts.exclusivity import WindowClosed as Closed
from shared.contracts.exclusivity import WindowGranted, WindowOutcome
from shared.contracts.gateway import Change, OrganizationChanged, OrganizationStatus, UserChanged
from shared.contracts.ingestion import BatchStatusChanged
from shared.contracts.matching import FoundMatch, MatchesFound
from shared.contracts.newsletter import SuppressionChanged
from shared.db import Database
from tests.integration.gateway.people import Caller, caller
from tests.support.told import envelope_of, examples, tell
from tests.support.wait import until

MILL, BUYER, OPERATOR = "anna@lindholz.example", "kauf@kartonage.example", "op@offcut.example"


def granted(market: dict[str, UUID], *, buyer: UUID | None = None) -> WindowGranted:
    now = datetime.now(UTC)
    return WindowGranted(
        item_id=uuid4(), mill_id=market["lindholz"], listing_cycle=1, window_id=uuid4(),
        buyer_id=buyer or market["kartonage"], interest_id=uuid4(), grant_number=1, max_grants=3, granted_at=now,
        expires_at=now + timedelta(hours=48), origin="first_interest",
    )  # fmt: skip


def found(buyers: list[UUID], *, version: int = 1) -> MatchesFound:
    return MatchesFound(
        item_id=uuid4(), mill_id=uuid4(), listing_cycle=1,
        matches=tuple(
            FoundMatch(match_id=uuid4(), requirement_id=uuid4(), requirement_title="Secret liner", buyer_id=buyer,
                       score=cast("Any", "91.5"), explanation=(), cadence="daily", version=version)
            for buyer in buyers
        ),
    )  # fmt: skip


def batch(market: dict[str, UUID], status: str, *, version: int, previous: str | None = None) -> BatchStatusChanged:
    return BatchStatusChanged(
        batch_id=UUID(int=77), mill_id=market["lindholz"], version=version, status=status, previous=previous,
        file_name="stock.xlsx",
    )  # fmt: skip


async def told(who: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await who.get(f"/notifications{query}")
    assert answer.status == 200, answer.body
    return cast("list[dict[str, Any]]", answer.body["items"])


async def test_both_sides_of_a_window_are_told_once_in_words_that_name_nobody(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    mill, buyer, operator = [await caller(client, email) for email in (MILL, BUYER, OPERATOR)]
    window = granted(market)
    await tell(db, window, granted(market, buyer=uuid4()))
    await tell(db, envelope_of(window, actor=ActorRef(via="command")), window)  # said again, and once more
    [mine] = [one for one in await told(buyer) if one["kind"] == "window_granted"]
    assert mine["href"] == f"/mvp/api/windows/{window.window_id}"
    assert "exclusively until" in mine["text"]
    mills = [one for one in await told(mill) if one["kind"] == "window_granted_mill"]
    assert len(mills) == 2
    assert "Kartonage" not in str(mills)
    assert "Lindholz" not in str(mine)
    assert not [one for one in await told(operator) if one["kind"].startswith("window")]


async def test_matches_of_a_run_are_one_notification_that_counts(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    buyer = await caller(client, BUYER)
    own, other = market["kartonage"], uuid4()
    await tell(
        db, *(envelope_of(one, chain="run 1") for one in (found([own, own, other]), found([own]), found([other])))
    )
    await tell(db, envelope_of(found([own]), chain="run 1"), envelope_of(found([own], version=2), chain="run 1"))
    await tell(db, envelope_of(found([own]), chain="run 2"))
    texts = [one["text"] for one in await told(buyer, "?kind=matches_found")]
    assert [text.partition(" ")[0] for text in texts] == ["1", "3"]
    assert "Secret" not in str(texts)


async def test_what_was_read_is_put_away_and_the_count_of_the_rest_is_known(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    mill, buyer = await caller(client, MILL), await caller(client, BUYER)
    await tell(db, batch(market, "review_required", version=3), batch(market, "committing", version=4))
    await tell(db, batch(market, "review_required", version=5, previous="review_required"))
    unread = await told(mill, "?unread=true")
    kinds = [one["kind"] for one in unread]
    assert kinds[:2] == ["batch_waits", "batch_review_required"]
    assert (await mill.get("/auth/me")).body["unread_notifications"] == len(unread)
    marked = await mill.call("PUT", "/notifications/read-state", {"ids": [unread[0]["id"]]})
    assert marked.body == {"changed": 1, "unread": len(unread) - 1}
    others = await buyer.call("PUT", "/notifications/read-state", {"ids": [unread[1]["id"]]})
    assert others.body["changed"] == 0
    rest = await mill.call("PUT", "/notifications/read-state", {"up_to": unread[0]["occurred_at"]})
    assert rest.body["unread"] == 0
    assert (await mill.call("PUT", "/notifications/read-state", {})).status == 422
    assert await told(mill, "?unread=true") == []


async def test_operators_hear_of_addresses_companies_and_dead_letters(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    operator, buyer = await caller(client, OPERATOR), await caller(client, BUYER)
    me = UUID(str((await buyer.get("/auth/me")).body["id"]))
    stopped = SuppressionChanged(user_id=me, address_hash="abc", suppressed=True, reason="hard_bounce")
    await tell(db, stopped, _organization(market, "suspended", old="approved"), _organization({}, "pending", old=None))
    for dead in ({"catalog": 2}, {"catalog": 2}, {"catalog": 5}):
        await tell_of_dead_letters(db, dead)
    kinds = [one["kind"] for one in await told(operator)]
    assert kinds.count("dead_letters") == 2
    assert {"suppressed_operator", "organization_pending"} <= set(kinds)
    mine = [one["kind"] for one in await told(buyer)]
    assert {"suppressed", "organization_suspended"} <= set(mine)
    assert "organization_pending" not in mine


def _organization(market: dict[str, UUID], status: str, *, old: str | None) -> OrganizationChanged:
    example = next(one for one in examples() if isinstance(one, OrganizationChanged))
    return example.model_copy(
        update={
            "organization_id": market.get("kartonage", uuid4()),
            "status": OrganizationStatus(status),
            "changes": (Change(field="status", old=old, new=status),),
        }
    )


async def test_news_of_long_ago_is_told_to_nobody(db: Database, market: dict[str, UUID]) -> None:
    async with db.transaction() as conn:
        row = await (await conn.execute("SELECT id FROM person WHERE email = %(email)s", {"email": BUYER})).fetchone()
        assert row is not None
        before = await notifications.unread_count(conn, row[0])
    await tell(db, envelope_of(granted(market), at=datetime.now(UTC) - timedelta(days=4)))
    async with db.transaction() as conn:
        assert await notifications.unread_count(conn, row[0]) == before


async def entries(who: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await who.get(f"/audit-entries{query}")
    assert answer.status == 200, answer.body
    return cast("list[dict[str, Any]]", answer.body["items"])


async def test_deed_is_kept_with_who_and_what_changed_for_those_it_concerns(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    mill, buyer, operator = [await caller(client, email) for email in (MILL, BUYER, OPERATOR)]
    me = (await mill.get("/auth/me")).body
    by = ActorRef(user_id=UUID(str(me["id"])), organization_id=market["lindholz"], via="http")
    window = granted(market)
    ended = Closed(
        item_id=window.item_id, mill_id=window.mill_id, listing_cycle=1, window_id=window.window_id,
        buyer_id=window.buyer_id, outcome=WindowOutcome.REVOKED, closed_at=window.granted_at, reason="Sold by phone.",
        grants_remaining=2,
    )  # fmt: skip
    await tell(db, envelope_of(window), envelope_of(ended, actor=by), envelope_of(found([uuid4()])))
    about = f"?entity={window.window_id}"
    [closed, opened] = await entries(mill, about)
    assert (closed["type"], closed["reason"]) == ("exclusivity.window.closed.v1", "Sold by phone.")
    assert closed["changes"] == [{"field": "status", "old": "active", "new": "closed"}]
    assert closed["actor"] == {"side": "own", "user_id": me["id"], "name": me["name"],
                               "organization_id": str(market["lindholz"]), "via": "http"}  # fmt: skip
    assert opened["actor"]["side"] == "system"
    [seen, _] = await entries(buyer, about)
    assert seen["actor"] == {"side": "other", "user_id": None, "name": None, "organization_id": None, "via": "http"}
    assert await entries(buyer, f"{about}&actor={me['id']}") == []  # hidden, so not to be asked for
    assert len(await entries(mill, f"{about}&actor={me['id']}")) == 1
    assert len(await entries(operator, f"{about}&type__prefix=exclusivity&at__gte={closed['at']}")) >= 1
    assert not await entries(operator, "?type=matching.matches.found.v1")
    await tell(db, granted({"lindholz": uuid4()}, buyer=uuid4()))
    assert {market["lindholz"], market["kartonage"]} >= {UUID(one) for one in await _readers(db, window.window_id)}


async def _readers(db: Database, window_id: UUID) -> set[str]:
    async with db.transaction() as conn:
        found = await conn.execute(
            "SELECT DISTINCT unnest(organization_ids)::text FROM audit_entry WHERE entity_id = %(id)s",
            {"id": str(window_id)},
        )
        return {row[0] for row in await found.fetchall()}


async def test_personal_values_are_not_kept_for_ever(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    example = next(one for one in examples() if isinstance(one, UserChanged))
    changes = (
        Change(field="email", old="a@b.example", new="c@d.example"),
        Change(field="org_role", old="member", new="owner"),
    )
    person = example.model_copy(update={"user_id": uuid4(), "organization_id": market["kartonage"], "changes": changes})
    await tell(db, person)
    [entry] = await entries(await caller(client, BUYER), f"?entity={person.user_id}")
    assert entry["changes"] == [
        {"field": "email", "withheld": True},
        {"field": "org_role", "old": "member", "new": "owner"},
    ]


async def test_doors_of_the_gateway_write_down_who_came_and_from_where(client: aiohttp.ClientSession) -> None:
    buyer, operator = await caller(client, BUYER), await caller(client, OPERATOR)
    for email in (BUYER, "nobody@nowhere.example"):
        async with client.post("/mvp/api/auth/login", json={"email": email, "password": "wrong"}) as answer:
            assert answer.status == 401
    wish = {"name": "ERP", "scopes": ["items:read"]}
    made = await buyer.post("/api-tokens", wish)
    assert made.status == 201
    assert (await buyer.call("DELETE", f"/api-tokens/{made.body['id']}")).status == 204
    [revoked, created] = await entries(buyer, f"?entity={made.body['id']}")
    assert (created["type"], revoked["type"]) == ("gateway.api_token.made", "gateway.api_token.revoked")
    mine = await entries(buyer, "?type__prefix=gateway.s")
    assert {one["type"] for one in mine} == {"gateway.session.opened", "gateway.sign_in.failed"}
    assert {one["address"] for one in mine if one["actor"]["side"] == "own"} == {"127.0.0.1"}
    failed = await entries(operator, "?type=gateway.sign_in.failed&limit=2")
    assert [one["entity"]["id"] is None for one in failed] == [True, False]
    assert "nowhere" not in str(failed)


async def test_address_of_a_request_is_found_for_what_a_service_did_in_it(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    buyer = await caller(client, BUYER)
    me = UUID(str((await buyer.get("/auth/me")).body["id"]))
    answer = await buyer.call("PUT", "/notifications/read-state", {"ids": []})
    by = ActorRef(user_id=me, organization_id=market["kartonage"], via="http")
    window = granted(market)
    await tell(db, envelope_of(window, actor=by, chain=answer.headers["x-request-id"]))

    async def known() -> bool:
        return [one["address"] for one in await entries(buyer, f"?entity={window.window_id}")] == ["127.0.0.1"]

    await until(known, deadline_s=3, what="the address of the request")


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET via = 'http'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
async def test_audit_when_somebody_would_change_it_then_the_database_refuses(
    client: aiohttp.ClientSession, db: Database, statement: str
) -> None:
    assert await entries(await caller(client, OPERATOR))
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        async with db.transaction() as conn:
            await conn.execute(statement.encode())


async def test_members_do_not_read_the_audit(client: aiohttp.ClientSession, db: Database) -> None:
    buyer = await caller(client, BUYER)
    assert (await buyer.get("/audit-entries")).status == 200
    async with db.transaction() as conn:
        await conn.execute("UPDATE person SET org_role = 'member' WHERE email = %(email)s", {"email": BUYER})
    member = await caller(client, BUYER)
    assert (await member.get("/audit-entries")).status == 403


async def test_card_of_the_other_side_is_shown_once_there_was_a_window(
    client: aiohttp.ClientSession, db: Database, market: dict[str, UUID]
) -> None:
    stranger = uuid4()
    mill = await caller(client, MILL)
    assert (await mill.get(f"/organizations/{market['operator']}")).status == 404
    await tell(db, granted(market), granted({"lindholz": market["lindholz"]}, buyer=stranger))
    card = await mill.get(f"/organizations/{market['kartonage']}")
    assert card.status == 200
    assert card.body["contacts"]
    assert set(card.body) == {"id", "version", "kind", "name", "country", "language", "contacts", "redacted"}
    assert "sender_addresses" in cast("list[str]", card.body["redacted"])
    assert card.etag.endswith('-card"')
    assert (await mill.get(f"/organizations/{stranger}")).status == 404
