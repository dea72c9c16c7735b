"""The columns a worker keeps in memory, and how they stay as new as the database.

Every scoring transaction that takes requirements in is one round; ``requirement.indexed_in`` names the round. A process
that has settled round n reads everything taken in after n, so it does not matter which process scored before.
``settle`` is called after the commit: what a failed transaction took in is read again.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.matching.columns import Bools, Columns
from services.matching.convert import requirement_in
from services.matching.domain.model import NO_RATES, Rates
from services.matching.doors import Doors
from services.matching.store import indexing, market
from services.matching.store.requirements import RequirementRow
from shared.db import Conn

SLICE = 20_000  # rows held in memory at once while everything is loaded


class RequirementIndex:
    """Columns, doors and rates of one process."""

    def __init__(self) -> None:
        self.columns = Columns()
        self.doors = Doors()
        self.rates: Rates = NO_RATES
        self._settled: int | None = None  # None: nothing is loaded
        self._reached = 0
        self._market: int | None = None

    async def refresh(self, conn: Conn, *, taken: Sequence[UUID], today: date) -> None:
        """Take in ``taken`` and everything newer than what is known. The scoring lock must be held."""
        if taken:
            await indexing.mark_indexed(conn, taken)
        await self._refresh_rates(conn, today)
        self._reached = await indexing.generation(conn)
        if self._settled is None:
            await self._load(conn)
        elif self._reached != self._settled:
            self._put(await indexing.indexed_after(conn, generation=self._settled))
        await self._refresh_doors(conn)

    def settle(self) -> None:
        """The transaction of the last ``refresh`` has been committed."""
        self._settled = self._reached

    def allowed(self, mills: set[UUID]) -> dict[UUID, Bools]:
        """Per mill, who may know of its lots."""
        return {mill: self.doors.flags(mill, self.columns.buyers) for mill in mills}

    async def _load(self, conn: Conn) -> None:
        self.columns, self._market, number = Columns(), None, 0
        while rows := await indexing.active_after(conn, number=number, limit=SLICE):
            self._put(rows)
            number = rows[-1].number

    def _put(self, rows: Sequence[RequirementRow]) -> None:
        self.columns.put(
            ((row.number, requirement_in(row)) for row in rows if row.status == "active"),
            gone=(row.number for row in rows if row.status != "active"),
            rates=self.rates,
        )

    async def _refresh_rates(self, conn: Conn, today: date) -> None:
        rates = await market.rates(conn, today=today)
        if rates != self.rates:
            rows = [] if self._settled is None else await indexing.active_in_foreign_money(conn)
            self.rates = rates
            self._put(rows)

    async def _refresh_doors(self, conn: Conn) -> None:
        # The counter first: if the market changes between the two reads, the next round reads it again.
        revision = await indexing.market_revision(conn)
        if revision != self._market:
            organizations = {row.organization_id: row for row in await market.organizations(conn)}
            self.doors = Doors(organizations=organizations, rules=await market.rule_sets(conn))
            self._market = revision
