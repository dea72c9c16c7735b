"""Issues and the lots in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql

from shared.contracts.gateway import Role
from shared.db import Conn, fetch_all
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue to be stored with its lots, best first: (item, listing cycle, match)."""

    issue_id: UUID
    user_id: UUID
    organization_id: UUID
    cadence: str
    period_key: str
    status: str
    reason: str | None
    left_over: int
    lots: tuple[tuple[UUID, int, UUID], ...]


@dataclass(frozen=True, slots=True)
class _Id:
    issue_id: UUID


async def insert_issues(conn: Conn, issues: Sequence[NewIssue], now: datetime) -> set[UUID]:
    """Store those whose person and period have none yet; the ids of the stored ones."""
    stored = await fetch_all(
        conn,
        _Id,
        """
        INSERT INTO issue (issue_id, user_id, organization_id, cadence, period_key, status, reason, left_over,
                           created_at)
        SELECT issue_id, user_id, organization_id, cadence, period_key, status, reason, left_over, %(now)s
        FROM unnest(%(ids)s::uuid[], %(users)s::uuid[], %(organizations)s::uuid[], %(cadences)s::text[],
                    %(keys)s::text[], %(states)s::text[], %(reasons)s::text[], %(left)s::integer[])
             AS e (issue_id, user_id, organization_id, cadence, period_key, status, reason, left_over)
        ON CONFLICT (user_id, cadence, period_key) DO NOTHING
        RETURNING issue_id
        """,
        {
            "ids": [one.issue_id for one in issues],
            "users": [one.user_id for one in issues],
            "organizations": [one.organization_id for one in issues],
            "cadences": [one.cadence for one in issues],
            "keys": [one.period_key for one in issues],
            "states": [one.status for one in issues],
            "reasons": [one.reason for one in issues],
            "left": [one.left_over for one in issues],
            "now": now,
        },
    )
    ids = {one.issue_id for one in stored}
    lots = [(one, place, lot) for one in issues if one.issue_id in ids for place, lot in enumerate(one.lots)]
    await conn.execute(
        """
        INSERT INTO issue_item (issue_id, user_id, item_id, listing_cycle, match_id, position)
        SELECT issue_id, user_id, item_id, listing_cycle, match_id, position
        FROM unnest(%(issues)s::uuid[], %(users)s::uuid[], %(items)s::uuid[], %(cycles)s::integer[],
                    %(matches)s::uuid[], %(places)s::integer[])
             AS e (issue_id, user_id, item_id, listing_cycle, match_id, position)
        """,
        {
            "issues": [one.issue_id for one, _, _ in lots],
            "users": [one.user_id for one, _, _ in lots],
            "items": [lot[0] for _, _, lot in lots],
            "cycles": [lot[1] for _, _, lot in lots],
            "matches": [lot[2] for _, _, lot in lots],
            "places": [place for _, place, _ in lots],
        },
    )
    return ids


async def set_status(conn: Conn, issue_ids: Sequence[UUID], *, status: str, reason: str | None = None) -> None:
    """Move issues that have not ended yet. One that ends without a mail gives its lots free for the next."""
    await conn.execute(
        """
        WITH moved AS (
            UPDATE issue SET status = %(status)s, reason = %(reason)s,
                             sent_at = CASE WHEN %(status)s = 'sent' THEN clock() ELSE sent_at END
            WHERE issue_id = ANY(%(issues)s) AND status IN ('generating', 'generated', 'sending')
            RETURNING issue_id)
        UPDATE issue_item AS s SET dropped = %(status)s
        FROM moved AS m
        WHERE s.issue_id = m.issue_id AND s.dropped IS NULL AND %(status)s IN ('skipped', 'failed', 'cancelled')
        """,
        {"issues": list(issue_ids), "status": status, "reason": reason},
    )


async def drop_items(conn: Conn, dropped: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Take lots (issue, item, reason) out before sending."""
    await conn.execute(
        """
        UPDATE issue_item AS s SET dropped = e.reason
        FROM unnest(%(issues)s::uuid[], %(items)s::uuid[], %(reasons)s::text[]) AS e (issue_id, item_id, reason)
        WHERE s.issue_id = e.issue_id AND s.item_id = e.item_id AND s.dropped IS NULL
        """,
        {
            "issues": [issue for issue, _, _ in dropped],
            "items": [item for _, item, _ in dropped],
            "reasons": [reason for _, _, reason in dropped],
        },
    )


async def cancel_of_user(conn: Conn, user_id: UUID, reason: str) -> None:
    """End what was made for a person and not sent."""
    await conn.execute(
        """
        WITH ended AS (
            UPDATE issue SET status = 'cancelled', reason = %(reason)s
            WHERE user_id = %(user)s AND status IN ('generating', 'generated') RETURNING issue_id),
        freed AS (
            UPDATE issue_item AS s SET dropped = 'cancelled' FROM ended AS e
            WHERE s.issue_id = e.issue_id AND s.dropped IS NULL)
        UPDATE delivery AS d SET status = 'suppressed', reason = %(reason)s, ended_at = clock(), next_attempt_at = NULL
        FROM ended AS e WHERE d.issue_id = e.issue_id AND d.status = 'queued'
        """,
        {"user": user_id, "reason": reason},
    )


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue with what came back."""

    issue_id: UUID
    user_id: UUID
    organization_id: UUID
    cadence: str
    period_key: str
    status: str
    reason: str | None
    left_over: int
    created_at: datetime
    sent_at: datetime | None
    item_ids: list[UUID]
    delivered: int
    opened: int
    clicked: int


_ROWS: LiteralString = """
    i.issue_id, i.user_id, i.organization_id, i.cadence, i.period_key, i.status, i.reason, i.left_over,
    i.created_at, i.sent_at,
    COALESCE((SELECT array_agg(s.item_id ORDER BY s.position) FROM issue_item AS s
              WHERE s.issue_id = i.issue_id AND s.dropped IS NULL), '{{}}') AS item_ids,
    (d.delivered_at IS NOT NULL)::integer AS delivered, (d.opened_at IS NOT NULL)::integer AS opened,
    (d.clicked_at IS NOT NULL)::integer AS clicked
    FROM issue AS i
    LEFT JOIN delivery AS d ON d.issue_id = i.issue_id
    WHERE (%(of_user)s::uuid IS NULL OR i.user_id = %(of_user)s)
"""
_NOT_BUYERS = frozenset({Role.BUYER_USER})

ISSUES = Listing(
    {
        "status": Field(
            Kind.TEXT,
            "i.status",
            words=("generating", "generated", "sending", "sent", "skipped", "failed", "cancelled"),
        ),
        "cadence": Field(Kind.TEXT, "i.cadence"),
        "user_id": Field(Kind.ID, "i.user_id", hidden_from=_NOT_BUYERS),
        "organization_id": Field(Kind.ID, "i.organization_id", hidden_from=_NOT_BUYERS),
        "created_at": Field(Kind.INSTANT, "i.created_at"),
        "sent_at": Field(Kind.INSTANT, "i.sent_at", nullable=True),
    },
    id="i.issue_id",
    sort="-created_at",
)


async def listed(conn: Conn, question: Question, *, user_id: UUID | None) -> Found[IssueRow]:
    """Issues of a person, ``None``: of everybody."""
    statement: LiteralString = "SELECT {mark}," + _ROWS + " {filters} {order}"
    return await question.fetch(conn, IssueRow, statement, {"of_user": user_id})


async def issues(conn: Conn, issue_ids: Sequence[UUID], *, user_id: UUID | None = None) -> list[IssueRow]:
    """These issues, newest first; ``user_id`` ``None``: everybody's."""
    return await fetch_all(
        conn,
        IssueRow,
        sql.SQL(
            "SELECT" + _ROWS + " AND i.issue_id = ANY(%(ids)s::uuid[]) ORDER BY i.created_at DESC, i.issue_id DESC"
        ).format(),
        {"ids": list(issue_ids), "of_user": user_id},
    )
