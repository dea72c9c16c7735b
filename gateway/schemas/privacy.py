"""What people ask about themselves, on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from gateway.store import privacy as store
from shared.bodies import RequestBody
from shared.instants import Instant


class PrivacyRequestIn(RequestBody):
    """``export``: a file with all we hold; ``erasure``: be forgotten, for good."""

    type: Literal["export", "erasure"]


class PrivacyRequest(BaseModel):
    """``archive``: where the file of an export is until ``expires_at``; ``reason``: why there is none."""

    id: UUID
    user_id: UUID
    type: str
    status: str
    reason: str | None
    requested_at: Instant
    ended_at: Instant | None
    expires_at: Instant | None
    archive: str | None

    @classmethod
    def of(cls, one: store.PrivacyRequest) -> "PrivacyRequest":
        there = one.kind == "export" and one.status == "done"
        return cls(
            id=one.id,
            user_id=one.person_id,
            type=one.kind,
            status=one.status,
            reason=one.reason,
            requested_at=one.requested_at,
            ended_at=one.ended_at,
            expires_at=one.expires_at,
            archive=f"{path_of(one)}/archive" if there else None,
        )


def path_of(one: store.PrivacyRequest) -> str:
    return f"/mvp/api/users/{one.person_id}/privacy-requests/{one.id}"
