"""The life of a lot: who is granted it, in which order, and when the right ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from services.exclusivity.domain import Terms
from services.exclusivity.errors import AlreadyInterested, HadHisTurn, Hidden, NotForSale, NotTrading
from services.exclusivity.store import reading
from services.exclusivity.usecases import timers
from shared.contracts.catalog import ItemStatus, UnlistReason
from shared.contracts.gateway import OrganizationKind, OrganizationStatus, Role
from shared.contracts.visibility import RuleSet
from shared.db import Conn
from shared.keyset import Question
from tests.integration.exclusivity import market

TERMS = Terms()


async def test_first_interest_when_lot_is_free_then_buyer_holds_it_for_48_hours(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, second = await market.buyers(conn, 2)

    registered = await market.ask(conn, lot, first)
    assert registered.position == 1
    assert registered.window_id is not None
    late = await market.ask(conn, lot, second)
    assert (late.position, late.window_id) == (2, None)

    [granted] = await market.published(conn, lot.item_id, "window.granted.v1")
    length = datetime.fromisoformat(str(granted["expires_at"])) - datetime.fromisoformat(str(granted["granted_at"]))
    assert length == timedelta(hours=48)
    assert (granted["grant_number"], granted["max_grants"], granted["origin"]) == (1, 3, "first_interest")
    positions = [event["position"] for event in await market.published(conn, lot.item_id, "interest.registered.v1")]
    assert positions == [1, 2]


async def test_window_when_time_passes_then_next_three_hold_it_and_the_lot_is_open(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    queue = await market.buyers(conn, 5)
    for buyer in queue:
        await market.ask(conn, lot, buyer)
    for round_number in (1, 2, 3):
        await market.move_clock(conn, timedelta(hours=49 * round_number))
        assert await timers.expire_windows(conn, terms=TERMS) == 1
        assert await timers.expire_windows(conn, terms=TERMS) == 0

    assert await market.holders(conn, lot.item_id) == [(queue[n], 1, n + 1, "expired") for n in range(3)]
    closed = await market.published(conn, lot.item_id, "window.closed.v1")
    granted = await market.published(conn, lot.item_id, "window.granted.v1")
    assert [one["next_window_id"] for one in closed] == [granted[1]["window_id"], granted[2]["window_id"], None]
    assert [one["grants_remaining"] for one in closed] == [1, 0, 0]
    assert [one["origin"] for one in granted] == ["first_interest", "hand_over", "hand_over"]
    [opened] = await market.published(conn, lot.item_id, "item.opened.v1")
    assert opened["grants_used"] == 3
    assert list((await market.interests(conn, lot.item_id)).values()) == ["lapsed"] * 3 + ["queued"] * 2
    await market.must_hold(conn)
    # The lot is open: one more may register, nobody gets a fourth window.
    [sixth] = await market.buyers(conn, 1)
    assert (await market.ask(conn, lot, sixth)).window_id is None
    assert len(await market.holders(conn, lot.item_id)) == 3


async def test_interest_when_sweeper_is_late_then_right_has_ended_and_queue_comes_first(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, waiting, newcomer = await market.buyers(conn, 3)
    held = await market.ask(conn, lot, first)
    await market.ask(conn, lot, waiting)
    await market.move_clock(conn, timedelta(hours=48, seconds=1))

    assert held.window_id is not None
    seen = await reading.window(conn, held.window_id, party_id=first)
    assert seen is not None
    assert (seen.status, seen.outcome, seen.ended_at) == ("closed", "expired", seen.expires_at)
    filters, sort = reading.INTERESTS.parse([("status", "closed")], Role.BUYER_USER)
    question = Question(listing=reading.INTERESTS, filters=filters, sort=sort, limit=9)
    [own] = (await reading.interests(conn, question, buyer_id=first, mill_id=None)).rows
    assert (own.status, own.close_reason, own.position) == ("closed", "lapsed", None)

    registered = await market.ask(conn, lot, newcomer)
    assert (registered.position, registered.window_id) == (2, None)
    assert [row[0] for row in await market.holders(conn, lot.item_id)] == [first, waiting]
    with pytest.raises(HadHisTurn):
        await market.ask(conn, lot, first)
    await market.must_hold(conn)


async def test_window_when_clock_goes_back_then_an_ended_right_stays_ended(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, second = await market.buyers(conn, 2)
    await market.ask(conn, lot, first)
    await market.move_clock(conn, timedelta(hours=49))
    await timers.expire_windows(conn, terms=TERMS)
    await market.move_clock(conn, timedelta(hours=-1))
    assert await timers.expire_windows(conn, terms=TERMS) == 0

    registered = await market.ask(conn, lot, second)
    assert registered.window_id is not None
    window = await reading.window(conn, registered.window_id, party_id=None)
    assert window is not None
    assert window.granted_at > datetime.now(UTC) + timedelta(hours=47)  # when the window before it ended
    assert [row[3] for row in await market.holders(conn, lot.item_id)] == ["expired", None]


async def test_interest_when_not_allowed_then_it_is_refused_with_the_reason(conn: Conn) -> None:
    buyer, blocked, pending = await market.buyers(conn, 3)
    mill_id = await market.mill(conn, RuleSet(blocked_buyers=(blocked,)))
    lot = await market.lot(conn, mill_id)
    await market.set_status(conn, pending, OrganizationKind.BUYER, OrganizationStatus.PENDING, version=2)
    for who, refusal in ((blocked, Hidden), (mill_id, Hidden), (pending, NotTrading)):
        with pytest.raises(refusal):
            await market.ask(conn, lot, who)
    with pytest.raises(Hidden):
        await market.ask(conn, market.Lot(item_id=buyer, mill_id=mill_id), buyer)
    await market.ask(conn, lot, buyer)
    with pytest.raises(AlreadyInterested):
        await market.ask(conn, lot, buyer)
    gone = await market.lot(conn, mill_id)
    await market.unlist(conn, gone, UnlistReason.WITHDRAWN)
    with pytest.raises(NotForSale):
        await market.ask(conn, gone, buyer)


@pytest.mark.parametrize(
    ("reason", "to_holder", "outcome", "holder_told", "queue_told"),
    [
        (UnlistReason.SOLD, True, "converted", "fulfilled", "sold"),
        (UnlistReason.SOLD, False, "cancelled", "sold", "sold"),
        (UnlistReason.WITHDRAWN, False, "cancelled", "item_withdrawn", "item_withdrawn"),
        (UnlistReason.EXPIRED, False, "cancelled", "item_expired", "item_expired"),
    ],
    ids=["sold to the holder", "sold to another", "withdrawn", "expired"],
)
async def test_lot_when_gone_then_window_and_queue_end_and_relisting_starts_anew(
    conn: Conn, reason: UnlistReason, to_holder: bool, outcome: str, holder_told: str, queue_told: str
) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, second = await market.buyers(conn, 2)
    await market.ask(conn, lot, first)
    await market.ask(conn, lot, second)
    gone = await market.unlist(conn, lot, reason, buyer_id=first if to_holder else None)

    assert await market.holders(conn, lot.item_id) == [(first, 1, 1, outcome)]
    assert await market.interests(conn, lot.item_id) == {first: holder_told, second: queue_told}
    [closed] = await market.published(conn, lot.item_id, "window.closed.v1")
    assert (closed["outcome"], closed["next_window_id"]) == (outcome, None)
    assert await market.published(conn, lot.item_id, "item.opened.v1") == []
    await market.tell(conn, lot)  # an old event changes nothing
    with pytest.raises(NotForSale):
        await market.ask(conn, lot, second)
    again = await market.relist(conn, gone)
    assert (await market.ask(conn, again, first)).window_id is not None
    assert (await market.holders(conn, lot.item_id))[1] == (first, 2, 1, None)
    await market.must_hold(conn)


async def test_interest_when_lot_is_in_pre_production_then_it_waits_and_is_granted_on_listing(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn), status=ItemStatus.PRE_PRODUCTION)
    first, second = await market.buyers(conn, 2)
    assert (await market.ask(conn, lot, first)).window_id is None
    assert (await market.ask(conn, lot, second)).position == 2
    await market.tell(conn, market.Lot(lot.item_id, lot.mill_id, version=2))
    assert await market.interests(conn, lot.item_id) == {first: "granted", second: "queued"}
    [granted] = await market.published(conn, lot.item_id, "window.granted.v1")
    assert granted["origin"] == "listing"


async def test_reminders_when_the_end_is_near_then_each_threshold_is_told_once(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    [buyer] = await market.buyers(conn, 1)
    await market.ask(conn, lot, buyer)
    assert await timers.send_reminders(conn, terms=TERMS) == 0
    for hours in (25, 26, 45, 46, 49):
        await market.move_clock(conn, timedelta(hours=hours))
        await timers.send_reminders(conn, terms=TERMS)
    told = await market.published(conn, lot.item_id, "window.expiring_soon.v1")
    assert [one["threshold_hours"] for one in told] == [24, 4]


async def test_reminders_when_both_thresholds_passed_then_only_the_nearer_is_told(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    [buyer] = await market.buyers(conn, 1)
    await market.ask(conn, lot, buyer)
    await market.move_clock(conn, timedelta(hours=47))
    assert await timers.send_reminders(conn, terms=TERMS) == 1
    assert await timers.send_reminders(conn, terms=TERMS) == 0
    told = await market.published(conn, lot.item_id, "window.expiring_soon.v1")
    assert [one["threshold_hours"] for one in told] == [4]


async def test_queued_interest_when_not_needed_any_more_then_it_is_closed_and_never_granted(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, hurried, patient = await market.buyers(conn, 3)
    await market.ask(conn, lot, first)
    await market.ask(conn, lot, hurried, not_needed_after=datetime.now(UTC) + timedelta(hours=2))
    await market.ask(conn, lot, patient)
    await market.move_clock(conn, timedelta(hours=1))
    assert await timers.close_unneeded(conn, terms=TERMS) == 0
    await market.move_clock(conn, timedelta(hours=49))
    await timers.expire_windows(conn, terms=TERMS)  # before the other timer had its turn
    told = {first: "lapsed", hurried: "not_needed", patient: "granted"}
    assert await market.interests(conn, lot.item_id) == told
    assert await timers.close_unneeded(conn, terms=TERMS) == 0
    await market.must_hold(conn)


WINDOW = """
    INSERT INTO windows (id, item_id, mill_id, listing_cycle, interest_id, buyer_id, grant_number, max_grants, origin,
        status, outcome, granted_at, expires_at, ended_at)
    SELECT gen_random_uuid(), w.item_id, w.mill_id, w.listing_cycle, n.id, n.buyer_id, 2, 3, 'admin', 'active', NULL,
        w.expires_at, w.expires_at + interval '48 hours', NULL
    FROM windows AS w, interests AS n
    WHERE w.item_id = %(item_id)s AND n.item_id = w.item_id AND n.status = 'queued'
"""
OVERLAP = {
    "w.expires_at, w": "w.granted_at, w",
    "'active', NULL": "'closed', 'expired'",
    "hours', NULL": "hours', w.expires_at",
}


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({}, "windows_active"),
        (OVERLAP, "windows_item_id_held_excl"),
        ({"2, 3": "4, 3"}, "windows_check"),
        ({"2, 3": "1, 3"}, "windows_item_id_listing_cycle_grant_number_key"),
        ({"n.buyer_id, 2": "w.buyer_id, 2"}, "windows_item_id_listing_cycle_buyer_id_key"),
    ],
    ids=["two active", "overlap", "fourth grant", "same number", "same buyer"],
)  # fmt: skip
async def test_database_when_somebody_writes_around_the_rules_then_it_refuses(
    conn: Conn, change: dict[str, str], constraint: str
) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    for buyer in await market.buyers(conn, 2):
        await market.ask(conn, lot, buyer)
    statement: Any = WINDOW
    for old, new in change.items():
        statement = statement.replace(old, new)
    with pytest.raises(psycopg.IntegrityError) as refused:
        await conn.execute(statement, {"item_id": lot.item_id})
    assert refused.value.diag.constraint_name == constraint


async def test_hand_over_when_many_before_him_need_the_lot_no_more_then_the_first_who_does_gets_it(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    holder, *hurried, patient, last = await market.buyers(conn, 15)
    await market.ask(conn, lot, holder)
    for buyer in hurried:
        await market.ask(conn, lot, buyer, not_needed_after=datetime.now(UTC) + timedelta(hours=2))
    for buyer in (patient, last):
        await market.ask(conn, lot, buyer)
    await market.move_clock(conn, timedelta(hours=49))
    await timers.expire_windows(conn, terms=TERMS)
    told = await market.interests(conn, lot.item_id)
    assert [told[one] for one in hurried] == ["not_needed"] * 12
    assert (told[patient], told[last]) == ("granted", "queued")
    await market.must_hold(conn)
