"""A small market: mills, buyers and lots as the other services tell of them, and questions to the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from psycopg import sql

from services.exclusivity import handlers
from services.exclusivity.domain import Terms
from services.exclusivity.usecases.interests import Registered, register_interest
from shared.contracts.base import ActorRef
from shared.contracts.catalog import (
    ItemsListed,
    ItemSnapshot,
    ItemStatus,
    ItemsUnlisted,
    UnlistedItem,
    UnlistReason,
    VisibilityChanged,
)
from shared.contracts.gateway import Contact, OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.matching import FoundMatch, MatchesFound
from shared.contracts.types import Form, LotValues, QualityClass
from shared.contracts.visibility import RuleSet
from shared.db import Conn

LOT = LotValues(
    grade_code="TL",
    form=Form.REEL,
    gsm=Decimal(120),
    weight_net_kg=Decimal(18_400),
    quality_class=QualityClass.A,
    location_country="DE",
    width_mm=2480,
)


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of a mill as catalog last told of it."""

    item_id: UUID
    mill_id: UUID
    version: int = 1
    cycle: int = 1
    status: ItemStatus = ItemStatus.AVAILABLE

    def snapshot(self) -> ItemSnapshot:
        return ItemSnapshot(
            item_id=self.item_id,
            lot_key=str(self.item_id),
            mill_id=self.mill_id,
            version=self.version,
            listing_cycle=self.cycle,
            status=self.status,
            values=LOT,
            listed_at=datetime.now(UTC),
        )


def organization(
    organization_id: UUID,
    kind: OrganizationKind,
    *,
    version: int = 1,
    status: OrganizationStatus = OrganizationStatus.APPROVED,
    country: str = "DE",
) -> OrganizationChanged:
    name = f"{kind} {str(organization_id)[:8]}"
    return OrganizationChanged(
        organization_id=organization_id,
        version=version,
        kind=kind,
        name=name,
        slug=str(organization_id),
        status=status,
        country=country,
        language="de",
        time_zone="Europe/Berlin",
        currency="EUR",
        segment="converter",
        contacts=(Contact(name=f"Desk of {name}", email=f"desk@{organization_id}.test"),),
    )


async def mill(conn: Conn, rules: RuleSet | None = None) -> UUID:
    """A mill in trade, with rules."""
    mill_id = uuid4()
    await handlers.on_organization_changed(conn, [organization(mill_id, OrganizationKind.MILL)])
    await set_rules(conn, mill_id, rules or RuleSet(), version=1)
    return mill_id


async def set_rules(conn: Conn, mill_id: UUID, rules: RuleSet, *, version: int) -> None:
    await handlers.on_visibility_changed(conn, [VisibilityChanged(mill_id=mill_id, version=version, rules=rules)])


async def buyers(conn: Conn, count: int) -> list[UUID]:
    """Buyers in trade."""
    ids = [uuid4() for _ in range(count)]
    await handlers.on_organization_changed(conn, [organization(one, OrganizationKind.BUYER) for one in ids])
    return ids


async def set_status(
    conn: Conn, organization_id: UUID, kind: OrganizationKind, status: OrganizationStatus, *, version: int
) -> None:
    await handlers.on_organization_changed(conn, [organization(organization_id, kind, version=version, status=status)])


async def lot(conn: Conn, mill_id: UUID, *, status: ItemStatus = ItemStatus.AVAILABLE) -> Lot:
    """A new lot of a mill."""
    made = Lot(item_id=uuid4(), mill_id=mill_id, status=status)
    await tell(conn, made)
    return made


async def tell(conn: Conn, *lots: Lot) -> None:
    """Catalog says these lots are listed."""
    await handlers.on_items_listed(
        conn, [ItemsListed(mill_id=lots[0].mill_id, items=tuple(one.snapshot() for one in lots))]
    )


async def unlist(conn: Conn, gone: Lot, reason: UnlistReason, *, buyer_id: UUID | None = None) -> Lot:
    """Catalog says the lot is gone; the lot as it then is."""
    after = replace(gone, version=gone.version + 1)
    item = UnlistedItem(
        item_id=gone.item_id,
        lot_key=str(gone.item_id),
        version=after.version,
        listing_cycle=gone.cycle,
        reason=reason,
        buyer_id=buyer_id,
    )
    await handlers.on_items_unlisted(conn, [ItemsUnlisted(mill_id=gone.mill_id, items=(item,))])
    return after


async def relist(conn: Conn, gone: Lot) -> Lot:
    """Catalog lists the lot again, in a new cycle."""
    again = replace(gone, version=gone.version + 1, cycle=gone.cycle + 1)
    await tell(conn, again)
    return again


async def ask(conn: Conn, wanted: Lot, buyer_id: UUID, *, not_needed_after: datetime | None = None) -> Registered:
    """A person of this buyer asks for the lot."""
    return await register_interest(
        conn,
        item_id=wanted.item_id,
        buyer_id=buyer_id,
        user_id=uuid4(),
        not_needed_after=not_needed_after,
        terms=Terms(),
        by=ActorRef(via="http"),
    )


def wish(
    wanted: Lot, buyer_id: UUID, *, score: int = 80, match_id: UUID | None = None, version: int = 1
) -> MatchesFound:
    """A match whose requirement asks for the lot by itself."""
    match = FoundMatch(
        match_id=match_id or uuid4(),
        requirement_id=uuid4(),
        requirement_title="Testliner 120",
        buyer_id=buyer_id,
        score=Decimal(score),
        explanation=(),
        cadence="daily",
        auto_interest=True,
        version=version,
    )
    return MatchesFound(item_id=wanted.item_id, mill_id=wanted.mill_id, listing_cycle=wanted.cycle, matches=(match,))


async def move_clock(conn: Conn, by: timedelta) -> None:
    """Move the database's clock from the real time; undone with the transaction."""
    body = sql.Literal(f"SELECT clock_timestamp() + interval '{by.total_seconds()} seconds'")
    await conn.execute(
        sql.SQL("CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS {}").format(body)
    )


async def holders(conn: Conn, item_id: UUID) -> list[tuple[UUID, int, int, str | None]]:
    """(buyer, cycle, grant number, outcome) of all windows of a lot in their order."""
    cursor = await conn.execute(
        "SELECT buyer_id, listing_cycle, grant_number, outcome FROM windows WHERE item_id = %(id)s"
        " ORDER BY listing_cycle, grant_number",
        {"id": item_id},
    )
    return [(row[0], row[1], row[2], row[3]) for row in await cursor.fetchall()]


async def interests(conn: Conn, item_id: UUID) -> dict[UUID, str]:
    """Buyer → state of his latest interest in a lot: queued, granted, or why it was closed."""
    cursor = await conn.execute(
        "SELECT buyer_id, COALESCE(close_reason, status) FROM interests WHERE item_id = %(id)s ORDER BY ticket",
        {"id": item_id},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def published(conn: Conn, item_id: UUID, type_ending: str) -> Sequence[dict[str, object]]:
    """Bodies of the events about a lot whose type ends like this, in order."""
    cursor = await conn.execute(
        "SELECT body::jsonb FROM outbox WHERE key = %(key)s AND type LIKE '%%' || %(ending)s ORDER BY id",
        {"key": str(item_id), "ending": type_ending},
    )
    return [row[0] for row in await cursor.fetchall()]


async def must_hold(conn: Conn) -> None:
    """The counters on the lots' rows agree with the queues."""
    cursor = await conn.execute(
        """
        SELECT i.item_id FROM item_replica AS i
        WHERE i.live_interests <> (SELECT count(*) FROM interests AS n
                                   WHERE n.item_id = i.item_id AND n.status IN ('queued', 'granted'))
            OR (SELECT count(*) FROM interests AS n WHERE n.item_id = i.item_id AND n.status = 'granted')
                <> (SELECT count(*) FROM windows AS w WHERE w.item_id = i.item_id AND w.status = 'active')
        """
    )
    assert await cursor.fetchall() == []
