"""Tokens in mails and what was done with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_one

HITS_MAX = 50  # a link fetched in a loop is written down this often


@dataclass(frozen=True, slots=True)
class Link:
    """A token's hash with what it stands for."""

    token_hash: bytes
    delivery_id: UUID
    kind: str
    item_id: UUID | None
    target: str | None


async def save_links(conn: Conn, links: Sequence[Link]) -> None:
    """A second attempt at a mail makes the same tokens, so those of the first go on working."""
    await conn.execute(
        """
        INSERT INTO tracking_link (token_hash, delivery_id, kind, item_id, target, created_at)
        SELECT token_hash, delivery_id, kind, item_id, target, clock()
        FROM unnest(%(hashes)s::bytea[], %(deliveries)s::uuid[], %(kinds)s::text[], %(items)s::uuid[],
                    %(targets)s::text[]) AS e (token_hash, delivery_id, kind, item_id, target)
        ON CONFLICT (token_hash) DO NOTHING
        """,
        {
            "hashes": [link.token_hash for link in links],
            "deliveries": [link.delivery_id for link in links],
            "kinds": [link.kind for link in links],
            "items": [link.item_id for link in links],
            "targets": [link.target for link in links],
        },
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """A link with its message."""

    delivery_id: UUID
    user_id: UUID | None
    item_id: UUID | None
    issue_id: UUID | None
    target: str | None
    language: str
    sent_at: datetime | None
    correlation_id: str


async def link(conn: Conn, token_hash: bytes, kind: str) -> Followed | None:
    return await fetch_one(
        conn,
        Followed,
        """
        SELECT d.delivery_id, d.user_id, t.item_id, d.issue_id, t.target, d.language, d.sent_at, d.correlation_id
        FROM tracking_link AS t JOIN delivery AS d ON d.delivery_id = t.delivery_id
        WHERE t.token_hash = %(hash)s AND t.kind = %(kind)s
        """,
        {"hash": token_hash, "kind": kind},
    )


async def record_hit(
    conn: Conn, *, delivery_id: UUID, kind: str, item_id: UUID | None, machine: bool, now: datetime
) -> bool:
    """Write down an open or click; ``False`` when this one was fetched too often to tell us anything more."""
    written = await execute(
        conn,
        """
        INSERT INTO engagement (delivery_id, kind, item_id, machine, at)
        SELECT %(delivery)s, %(kind)s, %(item)s, %(machine)s, %(now)s
        WHERE (SELECT count(*) FROM engagement
               WHERE delivery_id = %(delivery)s AND kind = %(kind)s
                 AND item_id IS NOT DISTINCT FROM %(item)s::uuid) < %(max)s
        """,
        {"delivery": delivery_id, "kind": kind, "item": item_id, "machine": machine, "now": now, "max": HITS_MAX},
    )
    return written == 1


async def mark_machine(conn: Conn, delivery_id: UUID, now: datetime) -> None:
    await conn.execute(
        "UPDATE delivery SET machine_opened_at = COALESCE(machine_opened_at, %(now)s) WHERE delivery_id = %(id)s",
        {"id": delivery_id, "now": now},
    )


async def mark_person(conn: Conn, delivery_id: UUID, *, clicked: bool, now: datetime) -> None:
    """A person looked: the first time counts, and the shown state only moves forward. A click is an open too."""
    await conn.execute(
        """
        UPDATE delivery
        SET opened_at = COALESCE(opened_at, %(now)s),
            clicked_at = CASE WHEN %(clicked)s THEN COALESCE(clicked_at, %(now)s) ELSE clicked_at END,
            status = CASE WHEN %(clicked)s AND status IN ('sent', 'delivered', 'opened') THEN 'clicked'
                          WHEN status IN ('sent', 'delivered') THEN 'opened' ELSE status END
        WHERE delivery_id = %(id)s
        """,
        {"id": delivery_id, "clicked": clicked, "now": now},
    )
