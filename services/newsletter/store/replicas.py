"""Copies of what other services own. Sets arrive as JSON arrays; of one id the newest version wins."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from shared.db import Conn

Row = dict[str, object]


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows).decode()


async def save_organizations(conn: Conn, rows: Sequence[Row]) -> None:
    await conn.execute(
        """
        INSERT INTO organization_replica (organization_id, version, kind, name, status, country, language, time_zone,
                                          currency, segment, contacts)
        SELECT DISTINCT ON (organization_id) organization_id, version, kind, name, status, country, language, time_zone,
               currency, segment, contacts
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (organization_id uuid, version bigint, kind text, name text, status text, country text,
                   language text, time_zone text, currency text, segment text, contacts jsonb)
        ORDER BY organization_id, version DESC
        ON CONFLICT (organization_id) DO UPDATE
        SET version = EXCLUDED.version, kind = EXCLUDED.kind, name = EXCLUDED.name, status = EXCLUDED.status,
            country = EXCLUDED.country, language = EXCLUDED.language, time_zone = EXCLUDED.time_zone,
            currency = EXCLUDED.currency, segment = EXCLUDED.segment, contacts = EXCLUDED.contacts
        WHERE EXCLUDED.version > organization_replica.version
        """,
        {"rows": _json(rows)},
    )


async def save_users(conn: Conn, rows: Sequence[Row]) -> None:
    """An erased person stays erased, whatever comes late."""
    await conn.execute(
        """
        INSERT INTO user_replica (user_id, version, organization_id, role, status, name, email, language, time_zone)
        SELECT DISTINCT ON (user_id) user_id, version, organization_id, role, status, name, email, language, time_zone
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (user_id uuid, version bigint, organization_id uuid, role text, status text, name text, email text,
                   language text, time_zone text)
        ORDER BY user_id, version DESC
        ON CONFLICT (user_id) DO UPDATE
        SET version = EXCLUDED.version, organization_id = EXCLUDED.organization_id, role = EXCLUDED.role,
            status = EXCLUDED.status, name = EXCLUDED.name, email = EXCLUDED.email, language = EXCLUDED.language,
            time_zone = EXCLUDED.time_zone
        WHERE EXCLUDED.version > user_replica.version AND user_replica.status <> 'erased'
        """,
        {"rows": _json(rows)},
    )


async def save_rules(conn: Conn, rows: Sequence[Row]) -> None:
    await conn.execute(
        """
        INSERT INTO rule_replica (mill_id, version, rules)
        SELECT DISTINCT ON (mill_id) mill_id, version, rules
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS e (mill_id uuid, version bigint, rules jsonb)
        ORDER BY mill_id, version DESC
        ON CONFLICT (mill_id) DO UPDATE SET version = EXCLUDED.version, rules = EXCLUDED.rules
        WHERE EXCLUDED.version > rule_replica.version
        """,
        {"rows": _json(rows)},
    )


async def save_requirements(conn: Conn, rows: Sequence[Row]) -> None:
    await conn.execute(
        """
        INSERT INTO requirement_replica (requirement_id, version, status, title, cadence)
        SELECT DISTINCT ON (requirement_id) requirement_id, version, status, title, cadence
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (requirement_id uuid, version bigint, status text, title text, cadence text)
        ORDER BY requirement_id, version DESC
        ON CONFLICT (requirement_id) DO UPDATE
        SET version = EXCLUDED.version, status = EXCLUDED.status, title = EXCLUDED.title, cadence = EXCLUDED.cadence
        WHERE EXCLUDED.version > requirement_replica.version
        """,
        {"rows": _json(rows)},
    )


async def save_matches(conn: Conn, rows: Sequence[Row]) -> None:
    """Found and closed matches alike. A close of a match not seen yet is kept, so that the late one stays closed."""
    await conn.execute(
        """
        INSERT INTO match_replica (match_id, version, item_id, listing_cycle, requirement_id, buyer_id,
                                   requirement_title, score, explanation, cadence, live, fresh)
        SELECT DISTINCT ON (match_id) match_id, version, item_id, listing_cycle, requirement_id, buyer_id,
               requirement_title, score, explanation, cadence, live, live
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (match_id uuid, version bigint, item_id uuid, listing_cycle integer, requirement_id uuid,
                   buyer_id uuid, requirement_title text, score numeric, explanation jsonb, cadence text, live boolean)
        ORDER BY match_id, version DESC
        ON CONFLICT (match_id) DO UPDATE
        SET version = EXCLUDED.version, item_id = EXCLUDED.item_id, listing_cycle = EXCLUDED.listing_cycle,
            live = EXCLUDED.live, fresh = EXCLUDED.fresh,
            requirement_title = CASE WHEN EXCLUDED.live THEN EXCLUDED.requirement_title
                                     ELSE match_replica.requirement_title END,
            score = CASE WHEN EXCLUDED.live THEN EXCLUDED.score ELSE match_replica.score END,
            explanation = CASE WHEN EXCLUDED.live THEN EXCLUDED.explanation ELSE match_replica.explanation END,
            cadence = CASE WHEN EXCLUDED.live THEN EXCLUDED.cadence ELSE match_replica.cadence END
        WHERE EXCLUDED.version > match_replica.version
        """,
        {"rows": _json(rows)},
    )


async def save_rates(conn: Conn, rows: Sequence[Row]) -> None:
    await conn.execute(
        """
        INSERT INTO rate_replica (base, currency, dated, per_base)
        SELECT DISTINCT ON (base, currency) base, currency, dated, per_base
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS e (base text, currency text, dated date, per_base numeric)
        ORDER BY base, currency, dated DESC
        ON CONFLICT (base, currency) DO UPDATE SET dated = EXCLUDED.dated, per_base = EXCLUDED.per_base
        WHERE EXCLUDED.dated >= rate_replica.dated
        """,
        {"rows": _json(rows)},
    )


async def erase_user(conn: Conn, user_id: UUID) -> str | None:
    """Blank the person; the address he had, ``None`` if we never knew him. Unknown: a stub that stays erased."""
    cursor = await conn.execute(
        """
        WITH before AS (SELECT email FROM user_replica WHERE user_id = %(user_id)s AND status <> 'erased'),
        erased AS (
            INSERT INTO user_replica (user_id, version, organization_id, role, status, name, email, language, time_zone)
            VALUES (%(user_id)s, 0, '00000000-0000-0000-0000-000000000000', '', 'erased', '', '', 'en', 'UTC')
            ON CONFLICT (user_id) DO UPDATE SET status = 'erased', name = '', email = '')
        SELECT email FROM before
        """,
        {"user_id": user_id},
    )
    row = await cursor.fetchone()
    return row[0] if row else None
