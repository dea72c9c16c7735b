"""A catalog of 100,000 lots of twenty mills, and one buyer who looks at them."""

from uuid import UUID

import psycopg

LOTS = 100_000
BUYER = UUID(int=999)
GRADES = 40

_MILLS = """
    INSERT INTO catalog.organization_replica (organization_id, version, kind, name, slug, status, country, time_zone)
    SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 1, 'mill', 'Mill ' || n, 'mill-' || n,
        'approved', 'DE', 'Europe/Berlin'
    FROM generate_series(1, 20) AS n
"""
_RULES = """
    INSERT INTO catalog.rule_set (mill_id, version, blocked_buyers, allowed_countries, blocked_countries,
        allowed_segments, price, identity, updated_at)
    SELECT organization_id, 1, '{}', '{}', '{}', '{}', 'all_buyers', 'matched', now()
    FROM catalog.organization_replica
"""
_BUYER = """
    INSERT INTO catalog.organization_replica (organization_id, version, kind, name, slug, status, country, time_zone)
    VALUES (%(buyer)s, 1, 'buyer', 'Buyer', 'buyer', 'approved', 'DE', 'Europe/Berlin')
"""
_LOTS = """
    INSERT INTO catalog.item (item_id, mill_id, lot_key, version, listing_cycle, status, grade_code, form, gsm,
        weight_net_kg, quality_class, location_country, lot_ref, product_name, width_mm, diameter_mm, core_mm,
        reel_count, certification, defects, price, currency, price_unit, price_per_t, location_place, lot_version,
        listed_at, confirmed_at, created_at, updated_at)
    SELECT gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad((n %% 20 + 1)::text, 12, '0'))::uuid, 'lot ' || n,
        1, 1, 'available', 'GRADE_' || n %% %(grades)s, 'reel', 60 + n %% 200, 1000 + n %% 20000, 'A', 'DE',
        'R-' || n, 'Offset white', 500 + n %% 2000, 1200, 76, 1 + n %% 9, '{FSC_MIX}', '{}', 400 + n %% 500, 'EUR', 't',
        400 + n %% 500, 'Steinach', 1, now() - n * interval '1 second', now(), now(), now()
    FROM generate_series(1, %(lots)s) AS n
"""
_SOME = "SELECT item_id::text FROM catalog.item ORDER BY item_id LIMIT 1000"


def fill(database_url: str) -> list[str]:
    """Store everything; a thousand ids to ask for, as random as ids are."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(_MILLS)
        conn.execute(_RULES)
        conn.execute(_BUYER, {"buyer": BUYER})
        conn.execute(_LOTS, {"grades": GRADES, "lots": LOTS})
        conn.execute("VACUUM ANALYZE catalog.item")
        conn.execute("ANALYZE")
        return [found for (found,) in conn.execute(_SOME)]
