"""A thousand buyers ask for one lot in the same second, over real HTTP, with the few connections of one API."""

import asyncio
import time
from collections import Counter
from uuid import UUID, uuid4

import aiohttp

from tests.integration.exclusivity import market
from tests.support.database import service_database
from tests.support.processes import running
from tests.support.tokens import bearer

CROWD = 1000


async def ask(session: aiohttp.ClientSession, buyer_id: UUID, item_id: UUID) -> tuple[int, str, int | None]:
    headers = {**bearer("buyer_user", buyer_id), "Idempotency-Key": str(uuid4())}
    async with session.post("/mvp/api/interests", json={"item_id": str(item_id)}, headers=headers) as answer:
        body = await answer.json(content_type=None)
        return answer.status, str(body.get("status")), body.get("position")


async def test_interests_when_a_thousand_come_at_once_then_one_holds_and_the_others_queue_without_gaps() -> None:
    async with service_database("exclusivity") as db:
        async with db.transaction() as conn:
            lot = await market.lot(conn, await market.mill(conn))
            crowd = await market.buyers(conn, CROWD)
        async with running(db, "main") as api:
            everybody = aiohttp.TCPConnector(limit=CROWD)
            patient = aiohttp.ClientTimeout(total=60)
            async with aiohttp.ClientSession(api.address, connector=everybody, timeout=patient) as session:
                started = time.perf_counter()
                answers = await asyncio.gather(*(ask(session, buyer, lot.item_id) for buyer in crowd))
                print(f"{CROWD} interests in {time.perf_counter() - started:.2f} s")  # noqa: T201 - a figure, not a claim
        assert Counter(status for status, _, _ in answers) == {201: CROWD}
        assert Counter(state for _, state, _ in answers) == {"granted": 1, "queued": CROWD - 1}
        assert sorted(position or 0 for _, _, position in answers) == list(range(1, CROWD + 1))
        assert [position for _, state, position in answers if state == "granted"] == [1]
        async with db.transaction() as conn:
            assert len(await market.holders(conn, lot.item_id)) == 1
            assert len(await market.published(conn, lot.item_id, "interest.registered.v1")) == CROWD
            await market.must_hold(conn)
