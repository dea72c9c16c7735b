"""Messages as the operator looks at them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message with its times."""

    delivery_id: UUID
    status: str
    kind: str
    user_id: UUID | None
    issue_id: UUID | None
    message_id: str
    correlation_id: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    ended_at: datetime | None
    machine_opened: bool
    smtp_status: str | None
    reason: str | None


async def deliveries(
    conn: Conn,
    *,
    status: str | None,
    issue_id: UUID | None,
    user_id: UUID | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[DeliveryRow]:
    """Newest first; a filter that is ``None`` takes all."""
    return await fetch_all(
        conn,
        DeliveryRow,
        """
        SELECT delivery_id, status, kind, user_id, issue_id, message_id, correlation_id, attempts, created_at,
               next_attempt_at, sent_at, delivered_at, opened_at, clicked_at, ended_at,
               machine_opened_at IS NOT NULL AS machine_opened, smtp_status, reason
        FROM delivery
        WHERE (%(status)s::text IS NULL OR status = %(status)s)
          AND (%(issue)s::uuid IS NULL OR issue_id = %(issue)s)
          AND (%(user)s::uuid IS NULL OR user_id = %(user)s)
          AND (%(at)s::timestamptz IS NULL OR (created_at, delivery_id) < (%(at)s, %(last)s::uuid))
        ORDER BY created_at DESC, delivery_id DESC
        LIMIT %(limit)s
        """,
        {
            "status": status,
            "issue": issue_id,
            "user": user_id,
            "at": before[0] if before else None,
            "last": before[1] if before else None,
            "limit": limit,
        },
    )
