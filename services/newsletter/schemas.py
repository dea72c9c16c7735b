"""Requests and answers of newsletter."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.newsletter.domain.recipients import Recipient, Wish
from services.newsletter.store.history import DeliveryRow
from services.newsletter.store.issues import IssueRow
from services.newsletter.store.suppressions import Suppression
from shared.bodies import RequestBody
from shared.instants import Instant

DeliveryStatus = Literal[
    "queued", "sending", "sent", "delivered", "opened", "clicked", "bounced", "complained", "failed", "suppressed"
]
IssueStatus = Literal["generating", "generated", "sending", "sent", "skipped", "failed", "cancelled"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not an IANA time zone such as Europe/Vienna") from None
    return name


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("is a local time without an offset, such as 07:30")
    return value.replace(second=0, microsecond=0)


Zone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
LocalTime = Annotated[time, AfterValidator(_local)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class PreferenceRequest(RequestBody):
    """All wishes of a reader. ``cadence`` null: as each requirement says; ``time_zone``, ``language`` null: his own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"cadence": "weekly", "weekday": 1, "send_time": "07:30", "items_max": 30}]}
    )

    cadence: Literal["daily", "weekly", "on_match", "off"] | None = None
    weekday: int = Field(1, ge=1, le=7, description="of the weekly issue, Monday is 1")
    send_time: LocalTime = time(7)
    time_zone: Zone | None = None
    language: Language | None = None
    items_max: int = Field(50, ge=1, le=100)
    tracking: bool = True
    quiet_from: LocalTime | None = None
    quiet_until: LocalTime | None = None

    @model_validator(mode="after")
    def _quiet_hours_have_both_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until go together")
        return self

    def wish(self) -> Wish:
        return Wish(
            cadence=self.cadence,
            weekday=self.weekday,
            send_time=self.send_time,
            time_zone=self.time_zone,
            language=self.language,
            items_max=self.items_max,
            tracking=self.tracking,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
        )


class PreferenceAnswer(BaseModel):
    """The wishes in force. ``next_send_at`` null: no periodical issue is due."""

    user_id: UUID
    version: int
    cadence: str | None
    weekday: int
    send_time: time
    time_zone: str
    language: str
    items_max: int
    tracking: bool
    quiet_from: time | None
    quiet_until: time | None
    next_send_at: Instant | None

    @classmethod
    def of(cls, who: Recipient, next_send_at: datetime | None) -> Self:
        return cls(
            user_id=who.user_id,
            version=who.version,
            cadence=who.cadence,
            weekday=who.weekday,
            send_time=who.send_time,
            time_zone=who.time_zone,
            language=who.language,
            items_max=who.items_max,
            tracking=who.tracking,
            quiet_from=who.quiet_from,
            quiet_until=who.quiet_until,
            next_send_at=next_send_at,
        )


class IssueRequest(RequestBody):
    """For one person or everybody of a buyer; ``dry_run``: only show what it would say."""

    user_id: UUID | None = None
    buyer_id: UUID | None = None
    dry_run: bool = False


class IssueCounts(BaseModel):
    delivered: int
    opened: int
    clicked: int


class IssueAnswer(BaseModel):
    """An issue; ``reason`` says why it was skipped, failed or cancelled."""

    id: UUID
    status: str
    user_id: UUID
    cadence: str
    period_key: str
    item_ids: list[UUID]
    reason: str | None
    counts: IssueCounts
    scheduled_for: Instant
    sent_at: Instant | None

    @classmethod
    def of(cls, row: IssueRow) -> Self:
        return cls(
            id=row.issue_id,
            status=row.status,
            user_id=row.user_id,
            cadence=row.cadence,
            period_key=row.period_key,
            item_ids=row.item_ids,
            reason=row.reason,
            counts=IssueCounts(delivered=row.delivered, opened=row.opened, clicked=row.clicked),
            scheduled_for=row.created_at,
            sent_at=row.sent_at,
        )


class PreviewAnswer(BaseModel):
    """What a reader would get; no subject, HTML and text when there is nothing new for him."""

    user_id: UUID
    item_ids: list[UUID]
    subject: str | None
    html: str | None
    text: str | None


class IssuesMade(BaseModel):
    """The issues made, or the previews of a dry run."""

    items: list[IssueAnswer]
    previews: list[PreviewAnswer]


class DeliveryAnswer(BaseModel):
    """One message with its times."""

    id: UUID
    status: str
    kind: str
    user_id: UUID | None
    issue_id: UUID | None
    message_id: str
    correlation_id: str
    attempts: int
    created_at: Instant
    next_attempt_at: Instant | None
    sent_at: Instant | None
    delivered_at: Instant | None
    opened_at: Instant | None
    clicked_at: Instant | None
    bounced_at: Instant | None
    machine_opened: bool
    smtp_status: str | None
    reason: str | None

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        return cls(
            id=row.delivery_id,
            status=row.status,
            kind=row.kind,
            user_id=row.user_id,
            issue_id=row.issue_id,
            message_id=row.message_id,
            correlation_id=row.correlation_id,
            attempts=row.attempts,
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at,
            sent_at=row.sent_at,
            delivered_at=row.delivered_at,
            opened_at=row.opened_at,
            clicked_at=row.clicked_at,
            bounced_at=row.ended_at if row.status == "bounced" else None,
            machine_opened=row.machine_opened,
            smtp_status=row.smtp_status,
            reason=row.reason,
        )


class SuppressionAnswer(BaseModel):
    """An address that is written to no longer; ``address`` null after its owner was erased."""

    id: UUID
    address: str | None
    user_id: UUID | None
    reason: str
    source: str
    created_at: Instant

    @classmethod
    def of(cls, row: Suppression) -> Self:
        return cls(
            id=row.suppression_id,
            address=row.address,
            user_id=row.user_id,
            reason=row.reason,
            source=row.source,
            created_at=row.created_at,
        )
