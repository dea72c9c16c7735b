"""Who sees what: the SQL of the views against the pure rules of the contracts, and what nobody may probe."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from services.catalog.handlers import (
    on_interests_closed,
    on_interests_registered,
    on_matches_closed,
    on_matches_found,
    on_organizations_changed,
    on_rows_accepted,
    on_windows_closed,
    on_windows_granted,
)
from services.catalog.search import ITEMS, SEEN, Section
from services.catalog.usecases.views import find_items, see_item
from shared.auth import Actor
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowOutcome
from shared.contracts.gateway import OrganizationKind, OrganizationStatus, Role
from shared.contracts.matching import ClosedMatch, MatchesClosed
from shared.contracts.visibility import (
    DETAIL,
    IDENTITY,
    PRICE,
    RESERVATION,
    TEASER,
    Disclosure,
    RuleSet,
    Viewer,
    buyer_allowed,
    visible_fields,
)
from shared.db import Conn, execute
from shared.keyset import Question
from tests.integration.catalog.conftest import Market, told
from tests.support.lots import closed, granted, lot, match_found, organization, row, rows_accepted

IN_TWO_DAYS = datetime.now(UTC) + timedelta(hours=48)


def person(organization_id: UUID, role: Role = Role.BUYER_USER) -> Actor:
    kinds = {Role.BUYER_USER: "buyer", Role.MILL_USER: "mill", Role.ADMIN: "operator"}
    return Actor(uuid4(), organization_id, OrganizationKind(kinds[role]), role, "owner", uuid4())


async def search(conn: Conn, actor: Actor, *parameters: tuple[str, str]) -> list[dict[str, Any]]:
    words = next((text for name, text in parameters if name == "q"), None)
    filters, sort = ITEMS.parse(parameters, actor.role)
    question = Question(listing=ITEMS, filters=filters, sort=sort, limit=50)
    return (await find_items(conn, question, actor=actor, words=words)).rows


async def one_item(conn: Conn, market: Market, **values: Any) -> UUID:
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(values=lot(**values)))])
    return UUID((await told(conn, "catalog.rows.applied.v1"))[-1]["rows"][0]["item_id"])


async def rules(conn: Conn, mill: UUID, **columns: Any) -> None:
    for name, value in columns.items():
        statement = sql.SQL("UPDATE rule_set SET {} = %(value)s WHERE mill_id = %(mill)s").format(sql.Identifier(name))
        await execute(conn, statement, {"value": value, "mill": mill})


@pytest.mark.parametrize("viewer", [viewer for viewer in Viewer if Viewer.OTHER_BUYER <= viewer <= Viewer.PURCHASER])
async def test_sections_when_asked_in_sql_then_as_the_pure_rules_say(conn: Conn, viewer: Viewer) -> None:
    parts = {Section.TEASER: TEASER, Section.DETAIL: DETAIL | RESERVATION, Section.PRICE: PRICE}
    for price in Disclosure:
        for identity in Disclosure:
            seen = visible_fields(viewer, RuleSet(price=price, identity=identity))
            for section, fields in {**parts, Section.IDENTITY: IDENTITY}.items():
                statement = sql.SQL(
                    "SELECT {} FROM (SELECT %(v)s::int AS viewer) AS v,"
                    " (SELECT %(p)s AS price, %(i)s AS identity) AS rules"
                ).format(sql.SQL(SEEN[section]))
                cursor = await conn.execute(statement, {"v": viewer, "p": price.value, "i": identity.value})
                assert await cursor.fetchone() == (fields <= seen,), (section, price, identity)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"blocked_countries": ["DE"]},
        {"blocked_countries": ["FR"]},
        {"allowed_countries": ["DE"]},
        {"allowed_countries": ["AT", "FR"]},
        {"allowed_segments": ["corrugator"]},
        {"allowed_segments": ["printer"]},
        {"allowed_countries": ["DE"], "blocked_countries": ["DE"]},
    ],
    ids=str,
)
async def test_rows_when_asked_as_buyers_then_as_the_pure_rules_say(
    conn: Conn, market: Market, columns: dict[str, Any]
) -> None:
    await one_item(conn, market)
    await rules(conn, market.mill, **columns)
    known = RuleSet(**columns)
    for buyer, country, segment in ((market.buyer, "DE", "corrugator"), (market.other_buyer, "FR", None)):
        allowed = buyer_allowed(known, buyer_id=buyer, country=country, segment=segment)
        assert bool(await search(conn, person(buyer))) == allowed


async def test_blocked_buyer_when_matched_then_still_sees_nothing(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    await on_matches_found(conn, [match_found(item_id, market.mill, market.buyer)])
    await rules(conn, market.mill, blocked_buyers=[market.buyer])
    assert await search(conn, person(market.buyer)) == []
    assert await see_item(conn, actor=person(market.buyer), item_id=item_id) is None
    assert len(await search(conn, person(market.other_buyer))) == 1


async def test_mill_when_without_rules_or_suspended_then_hidden(conn: Conn, market: Market) -> None:
    await one_item(conn, market)
    suspended = organization(OrganizationKind.MILL, market.mill, version=2, status=OrganizationStatus.SUSPENDED)
    await on_organizations_changed(conn, [suspended])
    assert await search(conn, person(market.buyer)) == []
    stranger = uuid4()
    await on_rows_accepted(conn, [rows_accepted(stranger, row())])
    assert await search(conn, person(market.buyer)) == []
    assert len(await search(conn, person(stranger, Role.MILL_USER))) == 1


async def test_buyer_when_standing_changes_then_class_follows(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    actor = person(market.buyer)

    async def seen() -> tuple[str, dict[str, Any]]:
        found = await see_item(conn, actor=actor, item_id=item_id)
        assert found is not None
        return found[1].partition(".")[0], found[0]

    name, view = await seen()
    assert name == "other_buyer"
    assert view["weight_net_kg"] is None
    assert view["weight_band"] == "10_to_25t"
    assert {"weight_net_kg", "price", "mill", "remarks", "holder"} <= set(view["redacted"])
    found = match_found(item_id, market.mill, market.buyer, score=87)
    await on_matches_found(conn, [found])
    name, view = await seen()
    assert (name, view["weight_net_kg"], view["price"], view["mill"]) == ("matched", "12500", "420", None)
    assert view["my"]["match"] == {"id": str(found.matches[0].match_id), "score": "87"}
    ask = InterestRegistered(
        item_id=item_id, mill_id=market.mill, listing_cycle=1, interest_id=uuid4(), buyer_id=market.buyer,
        position=1, origin="person",
    )  # fmt: skip
    await on_interests_registered(conn, [ask])
    name, view = await seen()
    assert (name, view["my"]["interest"]["position"]) == ("queued", 1)
    window = granted(item_id, market.mill, market.buyer, expires_at=IN_TWO_DAYS)
    await on_windows_granted(conn, [window])
    name, view = await seen()
    assert (name, view["mill"]["id"], view["my"]["window"]["id"]) == ("holder", str(market.mill), str(window.window_id))
    assert view["contacts"][0]["email"] == "desk@example.org"
    ended = InterestClosed(**ask.model_dump(exclude={"position", "origin"}), reason="lapsed")
    await on_windows_closed(conn, [closed(window, WindowOutcome.EXPIRED)])
    await on_interests_closed(conn, [ended])
    name, view = await seen()
    assert (name, view["mill"]["id"], view["lot_ref"]) == ("former_holder", str(market.mill), None)


async def test_holder_when_window_is_over_but_not_yet_closed_then_former_holder(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    late = granted(item_id, market.mill, market.buyer, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await on_windows_granted(conn, [late])
    found = await see_item(conn, actor=person(market.buyer), item_id=item_id)
    assert found is not None
    assert found[1].startswith("former_holder")


async def test_reserved_item_when_asked_by_strangers_then_hidden(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    await on_windows_granted(conn, [granted(item_id, market.mill, market.buyer, expires_at=IN_TWO_DAYS)])
    assert await see_item(conn, actor=person(market.other_buyer), item_id=item_id) is None
    found = match_found(item_id, market.mill, market.other_buyer)
    await on_matches_found(conn, [found])
    view = await see_item(conn, actor=person(market.other_buyer), item_id=item_id)
    assert view is not None
    assert view[0]["status"] == "reserved"
    gone = ClosedMatch(
        match_id=found.matches[0].match_id, requirement_id=uuid4(), buyer_id=market.other_buyer, reason="dismissed",
        version=2,
    )  # fmt: skip
    await on_matches_closed(conn, [MatchesClosed(item_id=item_id, listing_cycle=1, matches=(gone,))])
    assert await see_item(conn, actor=person(market.other_buyer), item_id=item_id) is None


async def test_own_mill_when_item_is_held_then_sees_the_holder_and_other_mills_nothing(
    conn: Conn, market: Market
) -> None:
    item_id = await one_item(conn, market)
    await on_windows_granted(conn, [granted(item_id, market.mill, market.buyer, expires_at=IN_TWO_DAYS)])
    view = await see_item(conn, actor=person(market.mill, Role.MILL_USER), item_id=item_id)
    assert view is not None
    assert view[0]["holder"]["id"] == str(market.buyer)
    assert view[0]["redacted"] == []
    assert await see_item(conn, actor=person(uuid4(), Role.MILL_USER), item_id=item_id) is None
    assert await see_item(conn, actor=person(uuid4(), Role.ADMIN), item_id=item_id) is not None


@pytest.mark.parametrize(
    "question",
    [
        ("price_per_t__lte", "1000"),
        ("weight_net_kg__gte", "1"),
        ("lot_ref", "K-1"),
        ("defects__overlaps", "WATER,SHADE"),
        ("remarks_word", ""),
        ("q", "lindau"),
        ("q", "nordliner"),
    ],
    ids=lambda question: "=".join(question),
)
async def test_hidden_value_when_asked_for_then_finds_nothing(
    conn: Conn, market: Market, question: tuple[str, str]
) -> None:
    await one_item(conn, market)
    if question[0] == "remarks_word":
        question = ("q", "Kraftliner")
    await execute(conn, "UPDATE item SET defects = ARRAY['WATER'] WHERE mill_id = %(m)s", {"m": market.mill})
    assert await search(conn, person(market.buyer), question) == []
    assert len(await search(conn, person(market.mill, Role.MILL_USER), question)) == 1


async def test_words_when_matched_then_found_by_what_is_shown(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    await on_matches_found(conn, [match_found(item_id, market.mill, market.buyer)])
    assert len(await search(conn, person(market.buyer), ("q", "nordliner"))) == 1
    assert await search(conn, person(market.buyer), ("q", "nordliner lindau")) == []
    await rules(conn, market.mill, identity="matched")
    assert len(await search(conn, person(market.buyer), ("q", "nordliner lindau"))) == 1


async def test_order_when_sorted_by_a_hidden_value_then_it_tells_nothing(conn: Conn, market: Market) -> None:
    prices = (3, 1, 2)
    rows = [row(f"ref:{n}", values=lot(price_per_t=Decimal(n))) for n in prices]
    await on_rows_accepted(conn, [rows_accepted(market.mill, *rows)])
    plain = [view["id"] for view in await search(conn, person(market.buyer))]
    assert [view["id"] for view in await search(conn, person(market.buyer), ("sort", "-price_per_t"))] == plain
    assert [view["id"] for view in await search(conn, person(market.buyer), ("sort", "price_per_t"))] == plain[::-1]
    mill = await search(conn, person(market.mill, Role.MILL_USER), ("sort", "price_per_t"))
    assert [view["price_per_t"] for view in mill] == ["1", "2", "3"]
