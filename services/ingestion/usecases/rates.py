"""Exchange rates, set by an operator for a day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.ingestion.store import rates
from shared import outbox
from shared.contracts.ingestion import RatesChanged
from shared.db import Conn


async def set_rates(conn: Conn, *, dated: date, base: str, per_base: Mapping[str, Decimal], user_id: UUID) -> None:
    """Replace the rates of a day and tell everybody who compares prices."""
    await rates.replace_rates(conn, dated=dated, base=base, per_base=per_base, set_by=user_id)
    await outbox.add(conn, RatesChanged(dated=dated, base=base, per_base=dict(per_base)))
