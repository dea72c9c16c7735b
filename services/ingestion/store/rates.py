"""Exchange rates, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, execute, fetch_all


async def replace_rates(conn: Conn, *, dated: date, base: str, per_base: Mapping[str, Decimal], set_by: UUID) -> None:
    """The rates of one day as a whole; what was there before for this day and base is gone."""
    key = {"dated": dated, "base": base}
    await execute(conn, "SELECT pg_advisory_xact_lock(hashtext('exchange_rate ' || %(base)s))", key)
    await execute(conn, "DELETE FROM exchange_rate WHERE dated = %(dated)s AND base = %(base)s", key)
    await execute(
        conn,
        """
        INSERT INTO exchange_rate (dated, base, currency, per_base, set_by, set_at)
        SELECT %(dated)s, %(base)s, currency, per_base, %(set_by)s, clock()
        FROM unnest(%(currencies)s::text[], %(values)s::numeric[]) AS r (currency, per_base)
        """,
        {**key, "currencies": list(per_base), "values": list(per_base.values()), "set_by": set_by},
    )


@dataclass(frozen=True, slots=True)
class DayRates:
    """All rates of one day and base."""

    dated: date
    base: str
    per_base: Mapping[str, str]


async def rates_after(conn: Conn, *, after: tuple[date, str] | None, limit: int) -> list[DayRates]:
    """Days with rates in their order; ``after``: the last day and base seen."""
    return await fetch_all(
        conn,
        DayRates,
        """
        SELECT dated, base, jsonb_object_agg(currency, per_base::text) AS per_base
        FROM exchange_rate
        WHERE %(dated)s::date IS NULL OR (dated, base) > (%(dated)s::date, %(base)s::text)
        GROUP BY dated, base
        ORDER BY dated, base
        LIMIT %(limit)s
        """,
        {"dated": after[0] if after else None, "base": after[1] if after else None, "limit": limit},
    )
