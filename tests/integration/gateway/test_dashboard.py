"""Figures that rest on events of ingestion and newsletter; those of catalog and exclusivity are held against theirs."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import aiohttp
import pytest_asyncio

from gateway.accounts import people_of
from gateway.jobs import prune_history_with
from gateway.settings import GatewaySettings
from shared.contracts.catalog import ItemsListed, ItemSnapshot, ItemStatus
from shared.contracts.exclusivity import WindowExtended, WindowGranted
from shared.contracts.gateway import Role
from shared.contracts.ingestion import BatchStatusChanged
from shared.contracts.newsletter import DeliveriesProgressed, DeliveryProgress, DeliveryState
from shared.contracts.types import Form, LotValues, QualityClass
from shared.db import Database
from tests.integration.gateway.conftest import BUYER
from tests.integration.gateway.people import Caller, Json, caller
from tests.support.told import envelope_of, tell
from tests.support.wait import until

ARRIVED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session", name="people")
async def the_people(client: aiohttp.ClientSession) -> dict[str, Caller]:
    emails = {"mill": "anna@lindholz.example", "buyer": "kauf@kartonage.example", "operator": "op@offcut.example"}
    return {name: await caller(client, email) for name, email in emails.items()}


async def figures(people: dict[str, Caller], who: str) -> Json:
    answer = await people[who].get("/dashboard")
    assert answer.status == 200, answer.body
    return answer.body


def step(batch_id: UUID, mill_id: UUID, status: str, version: int) -> BatchStatusChanged:
    return BatchStatusChanged(batch_id=batch_id, mill_id=mill_id, version=version, status=status)


def listed(batch_id: UUID, mill_id: UUID, *, part: int, count: int = 1) -> ItemsListed:
    values = LotValues(
        grade_code="TL_2", form=Form.REEL, gsm=Decimal(120), weight_net_kg=Decimal(1000),
        quality_class=QualityClass.A, location_country="DE",
    )  # fmt: skip
    items = tuple(
        ItemSnapshot(
            item_id=uuid4(), lot_key=f"ref:{n}", mill_id=mill_id, version=1, listing_cycle=1,
            status=ItemStatus.AVAILABLE, values=values, listed_at=ARRIVED,
        )
        for n in range(count)
    )  # fmt: skip
    return ItemsListed(mill_id=mill_id, batch_id=batch_id, part=part, parts=2, items=items)


async def test_lists_count_under_their_newest_status_and_by_how_long_they_took(
    people: dict[str, Caller], db: Database, market: dict[str, UUID]
) -> None:
    mill, first, second = market["lindholz"], uuid4(), uuid4()
    # Between streams there is no order: the end is heard of before the beginning.
    await tell(
        db,
        envelope_of(listed(first, mill, part=1, count=3), at=ARRIVED + timedelta(seconds=20)),
        envelope_of(listed(first, mill, part=2), at=ARRIVED + timedelta(seconds=30)),
    )
    assert (await figures(people, "mill"))["listing"] == {
        "lists": 0, "median_seconds": None, "slowest_tenth_seconds": None
    }  # fmt: skip
    await tell(db, envelope_of(step(first, mill, "received", 1), at=ARRIVED), step(second, mill, "received", 1))
    await tell(db, step(first, mill, "committed", 5), step(second, mill, "review_required", 4))
    await tell(db, step(first, mill, "committing", 4))  # late, and older
    seen = await figures(people, "mill")
    assert seen["batches"] == {"open": 1, "by_status": {"committed": 1, "review_required": 1}}
    assert seen["listing"] == {"lists": 1, "median_seconds": 30.0, "slowest_tenth_seconds": 30.0}
    assert seen["items"] == {"open": 4, "by_status": {"available": 4}}
    assert seen["newsletter"] is None
    assert (await figures(people, "operator"))["batches"] == seen["batches"]
    assert (await figures(people, "buyer"))["batches"] is None


async def test_windows_that_end_soon_are_counted_until_they_are_extended(
    people: dict[str, Caller], db: Database, market: dict[str, UUID]
) -> None:
    now = datetime.now(UTC)
    window = WindowGranted(
        item_id=uuid4(), mill_id=market["lindholz"], listing_cycle=1, window_id=uuid4(), buyer_id=market["kartonage"],
        interest_id=uuid4(), grant_number=2, max_grants=3, granted_at=now, expires_at=now + timedelta(hours=3),
        origin="hand_over",
    )  # fmt: skip
    await tell(db, window)
    for who in ("mill", "buyer", "operator"):
        seen = (await figures(people, who))["windows"]
        assert isinstance(seen, dict)
        assert (seen["active"], seen["ending_soon"]) == (1, 1)
    later = WindowExtended(
        item_id=window.item_id, mill_id=window.mill_id, listing_cycle=1, window_id=window.window_id,
        buyer_id=window.buyer_id, old_expires_at=window.expires_at, expires_at=now + timedelta(hours=30), by="mill",
        reason="asked",
    )  # fmt: skip
    await tell(db, later)
    seen = await figures(people, "buyer")
    assert isinstance(seen["windows"], dict)
    assert (seen["windows"]["active"], seen["windows"]["ending_soon"]) == (1, 0)
    assert seen["grants"] == [{"grant_number": 2, "granted": 1, "outcomes": {}, "conversion": None}]


async def test_each_step_of_a_newsletter_counts_once_and_machines_do_not(
    people: dict[str, Caller], db: Database
) -> None:
    [reader] = people_of(BUYER, Role.BUYER_USER)
    issue, mail = uuid4(), uuid4()

    def made(state: DeliveryState, *, machine: bool = False, of: UUID | None = issue) -> DeliveriesProgressed:
        progress = DeliveryProgress(
            delivery_id=mail, user_id=reader.user_id, state=state, at=datetime.now(UTC), machine=machine, issue_id=of
        )
        return DeliveriesProgressed(deliveries=(progress,))

    await tell(db, made("queued"), made("sent"), made("opened", machine=True))
    await tell(db, made("opened"), made("opened"), made("clicked"))
    await tell(db, made("clicked"), made("bounced", of=None))  # an invitation is no newsletter
    wanted = {"days": 30, "sent": 1, "delivered": 0, "opened": 1, "clicked": 1, "bounced": 0, "complained": 0}
    assert (await figures(people, "buyer"))["newsletter"] == wanted
    assert (await figures(people, "operator"))["newsletter"] == wanted


async def test_what_is_kept_for_a_time_goes_and_the_audit_stays(
    people: dict[str, Caller], db: Database, config: GatewaySettings, market: dict[str, UUID]
) -> None:
    await tell(db, envelope_of(step(uuid4(), market["lindholz"], "failed", 2)))
    assert (await people["mill"].call("PUT", "/notifications/read-state", {"ids": []})).status == 200
    names = ("notification", "request_origin", "event_log", "audit_entry")

    async def counts() -> dict[str, int]:
        async with db.transaction() as conn:
            rows = [await (await conn.execute(f"SELECT count(*) FROM {one}".encode())).fetchone() for one in names]
        return {name: row[0] for name, row in zip(names, rows, strict=True) if row}

    await until(lambda: _all(counts), deadline_s=3, what="something of everything")
    before = await counts()
    assert await prune_history_with(db, config) == 0
    nothing = {name: 0 for name in type(config).model_fields if name.endswith("_kept_days")}
    while await prune_history_with(db, config.model_copy(update=nothing)):
        pass
    assert await counts() == {**dict.fromkeys(names, 0), "audit_entry": before["audit_entry"]}


async def _all(counts: Callable[[], Awaitable[dict[str, int]]]) -> bool:
    return all((await counts()).values())
