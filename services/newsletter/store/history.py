"""Messages as the operator looks at them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


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


_STATUSES = (
    "queued", "sending", "sent", "delivered", "opened", "clicked", "bounced", "complained", "failed", "suppressed"
)  # fmt: skip
DELIVERIES = Listing(
    {
        "status": Field(Kind.TEXT, "status", words=_STATUSES),
        "kind": Field(Kind.TEXT, "kind"),
        "issue_id": Field(Kind.ID, "issue_id", nullable=True),
        "user_id": Field(Kind.ID, "user_id", nullable=True),
        "attempts": Field(Kind.INTEGER, "attempts"),
        "created_at": Field(Kind.INSTANT, "created_at"),
        "updated_at": Field(
            Kind.INSTANT, "GREATEST(created_at, sent_at, delivered_at, opened_at, clicked_at, ended_at)"
        ),
        "sent_at": Field(Kind.INSTANT, "sent_at", nullable=True),
        "delivered_at": Field(Kind.INSTANT, "delivered_at", nullable=True),
        "opened_at": Field(Kind.INSTANT, "opened_at", nullable=True),
        "clicked_at": Field(Kind.INSTANT, "clicked_at", nullable=True),
        "ended_at": Field(Kind.INSTANT, "ended_at", nullable=True),
    },
    id="delivery_id",
    sort="-created_at",
)


async def deliveries(conn: Conn, question: Question) -> Found[DeliveryRow]:
    """Everybody's deliveries."""
    return await question.fetch(
        conn,
        DeliveryRow,
        """
        SELECT {mark}, delivery_id, status, kind, user_id, issue_id, message_id, correlation_id, attempts, created_at,
               next_attempt_at, sent_at, delivered_at, opened_at, clicked_at, ended_at,
               machine_opened_at IS NOT NULL AS machine_opened, smtp_status, reason
        FROM delivery
        WHERE true {filters}
        {order}
        """,
        {},
    )
