"""Events leave in the transaction of their effect, or not at all."""

from datetime import date
from decimal import Decimal

from shared import outbox
from shared.contracts.ingestion import RatesChanged
from shared.db import Conn, Database


async def test_outbox_when_the_transaction_is_rolled_back_then_holds_nothing(db: Database, conn: Conn) -> None:
    await outbox.add(conn, RatesChanged(dated=date(2025, 1, 2), base="EUR", per_base={"USD": Decimal("1.1")}))
    assert (await outbox.pending(conn))[0] == 1
    await conn.rollback()
    assert (await outbox.pending(conn))[0] == 0
