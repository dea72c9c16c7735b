"""Who takes part and on which terms: organisations, visibility rules, exchange rates, interests, readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from psycopg.types.json import Jsonb

from services.matching.domain.model import NO_RATES, Rates
from shared.contracts.visibility import RuleSet
from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """A mill or buyer."""

    organization_id: UUID
    kind: str
    status: str
    country: str
    segment: str | None


@dataclass(frozen=True, slots=True)
class _RuleRow:
    mill_id: UUID
    rules: dict[str, object]


@dataclass(frozen=True, slots=True)
class _RateRow:
    dated: date
    currency: str
    per_eur: Decimal


async def put_organization(conn: Conn, organization: OrganizationRow, *, version: int) -> bool:
    """Store a newer snapshot; whether something that matching looks at is different now."""
    known = await organization_of(conn, organization_id=organization.organization_id)
    changed = await execute(
        conn,
        """
        INSERT INTO organization_replica AS o (organization_id, version, kind, status, country, segment)
        VALUES (%(id)s, %(version)s, %(kind)s, %(status)s, %(country)s, %(segment)s)
        ON CONFLICT (organization_id) DO UPDATE
        SET version = excluded.version, kind = excluded.kind, status = excluded.status, country = excluded.country,
            segment = excluded.segment
        WHERE o.version < excluded.version
        """,
        {
            "id": organization.organization_id,
            "version": version,
            "kind": organization.kind,
            "status": organization.status,
            "country": organization.country,
            "segment": organization.segment,
        },
    )
    return bool(changed) and known != organization


async def organization_of(conn: Conn, *, organization_id: UUID) -> OrganizationRow | None:
    return await fetch_one(
        conn,
        OrganizationRow,
        """
        SELECT organization_id, kind, status, country, segment FROM organization_replica
        WHERE organization_id = %(id)s
        """,
        {"id": organization_id},
    )


async def organizations(conn: Conn) -> list[OrganizationRow]:
    """All mills and buyers."""
    return await fetch_all(
        conn, OrganizationRow, "SELECT organization_id, kind, status, country, segment FROM organization_replica", {}
    )


async def put_rules(conn: Conn, *, mill_id: UUID, version: int, rules: RuleSet) -> bool:
    """Store a newer rule set; whether it was newer."""
    return bool(
        await execute(
            conn,
            """
            INSERT INTO rule_replica AS r (mill_id, version, rules) VALUES (%(mill_id)s, %(version)s, %(rules)s)
            ON CONFLICT (mill_id) DO UPDATE SET version = excluded.version, rules = excluded.rules
            WHERE r.version < excluded.version
            """,
            {"mill_id": mill_id, "version": version, "rules": Jsonb(rules.model_dump(mode="json"))},
        )
    )


async def rule_sets(conn: Conn) -> dict[UUID, RuleSet]:
    """The rules of every mill that has some."""
    rows = await fetch_all(conn, _RuleRow, "SELECT mill_id, rules FROM rule_replica", {})
    return {row.mill_id: RuleSet.model_validate(row.rules) for row in rows}


async def put_rates(conn: Conn, *, dated: date, per_eur: Mapping[str, Decimal]) -> None:
    """Store the rates of one day; a later set for the same day corrects it."""
    await execute(
        conn,
        """
        INSERT INTO rate_replica (dated, currency, per_eur)
        SELECT %(dated)s, currency, per_eur
        FROM unnest(%(currencies)s::text[], %(values)s::numeric[]) AS r (currency, per_eur)
        ON CONFLICT (dated, currency) DO UPDATE SET per_eur = excluded.per_eur
        """,
        {"dated": dated, "currencies": list(per_eur), "values": list(per_eur.values())},
    )


async def rates(conn: Conn, *, today: date) -> Rates:
    """The newest rates that are usable today; none at all otherwise."""
    rows = await fetch_all(
        conn,
        _RateRow,
        """
        SELECT dated, currency, per_eur FROM rate_replica WHERE dated = (SELECT max(dated) FROM rate_replica)
        """,
        {},
    )
    if not rows:
        return NO_RATES
    return Rates(dated=rows[0].dated, per_eur={row.currency: row.per_eur for row in rows}).usable(today=today)


async def put_interest(
    conn: Conn, *, interest_id: UUID, item_id: UUID, listing_cycle: int, buyer_id: UUID, live: bool
) -> None:
    """Whether a buyer is interested in an item at the moment."""
    await execute(
        conn,
        """
        INSERT INTO interest_replica (interest_id, item_id, listing_cycle, buyer_id, live)
        VALUES (%(interest_id)s, %(item_id)s, %(cycle)s, %(buyer_id)s, %(live)s)
        ON CONFLICT (interest_id) DO UPDATE SET live = excluded.live
        """,
        {
            "interest_id": interest_id,
            "item_id": item_id,
            "cycle": listing_cycle,
            "buyer_id": buyer_id,
            "live": live,
        },
    )


async def put_readers(conn: Conn, *, users: Sequence[UUID], buyers: Sequence[UUID]) -> None:
    """Which buyer a reader belongs to."""
    await execute(
        conn,
        """
        INSERT INTO reader_replica (user_id, buyer_id)
        SELECT DISTINCT ON (user_id) user_id, buyer_id
        FROM unnest(%(users)s::uuid[], %(buyers)s::uuid[]) AS r (user_id, buyer_id)
        ON CONFLICT (user_id) DO UPDATE SET buyer_id = excluded.buyer_id
        """,
        {"users": list(users), "buyers": list(buyers)},
    )


async def count_shown(conn: Conn, *, buyers: Sequence[UUID], items: Sequence[UUID], now: datetime) -> None:
    """These items were in a newsletter to these buyers, pair by pair."""
    await execute(
        conn,
        """
        UPDATE match m SET shown_count = m.shown_count + s.times, last_shown_at = %(now)s
        FROM (
            SELECT buyer_id, item_id, count(*) AS times
            FROM unnest(%(buyers)s::uuid[], %(items)s::uuid[]) AS u (buyer_id, item_id) GROUP BY buyer_id, item_id
        ) AS s
        WHERE m.item_id = s.item_id AND m.buyer_id = s.buyer_id AND m.status <> 'closed'
        """,
        {"buyers": list(buyers), "items": list(items), "now": now},
    )


async def count_clicks(conn: Conn, *, users: Sequence[UUID], items: Sequence[UUID]) -> None:
    """These readers clicked on these items, pair by pair."""
    await execute(
        conn,
        """
        UPDATE match m SET click_count = m.click_count + s.times
        FROM (
            SELECT r.buyer_id, u.item_id, count(*) AS times
            FROM unnest(%(users)s::uuid[], %(items)s::uuid[]) AS u (user_id, item_id)
            JOIN reader_replica r ON r.user_id = u.user_id GROUP BY r.buyer_id, u.item_id
        ) AS s
        WHERE m.item_id = s.item_id AND m.buyer_id = s.buyer_id AND m.status <> 'closed'
        """,
        {"users": list(users), "items": list(items)},
    )
