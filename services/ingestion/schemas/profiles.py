"""Saved mappings on the wire."""

from collections.abc import Mapping
from typing import Literal, cast
from uuid import UUID

from pydantic import BaseModel, Field

from services.ingestion.schemas.decisions import MeaningIn
from services.ingestion.schemas.rows import Word
from services.ingestion.store.profiles import Profile, ProfileUse
from shared.instants import Instant


class ProfileIn(MeaningIn):
    """A mapping as it shall be, whole. Without ``headers`` and ``columns`` its words count in every list of the mill.

    ``headers``: all column names of such lists, by which they are known; left out they are those of ``columns``, or
    stay as they were. ``archived`` mappings are kept and not used.
    """

    name: Word
    mill_id: UUID | None = Field(None, description="whose mapping; only for operators")
    status: Literal["active", "archived"] = "active"
    headers: list[Word] | None = Field(None, min_length=1, max_length=100)


class MeaningOut(BaseModel):
    """``field`` ``null``: the column means nothing to us."""

    field: str | None
    unit: str | None = None


class ProfileVersion(BaseModel):
    """A mapping as somebody left it. Column names and words are compared without case, accents and punctuation."""

    version: int
    name: str
    status: str
    headers: list[str]
    columns: dict[str, MeaningOut]
    grades: dict[str, str]
    classes: dict[str, str]
    decimal: str | None
    changed_by: UUID
    changed_at: Instant


class ProfileView(ProfileVersion):
    """``success_rate``: of the lists read with it that are decided, the share that was listed; ``null``: none yet.

    ``every_list``: its words count in every list of the mill, whatever the header.
    """

    id: UUID
    mill_id: UUID
    every_list: bool
    header_fingerprint: str | None
    use_count: int
    success_rate: float | None
    last_used_at: Instant | None


class ProfileDetail(ProfileView):
    """With its newest versions, newest first."""

    history: list[ProfileVersion]


def view_of(profile: Profile, use: ProfileUse | None) -> ProfileView:
    return ProfileView.model_validate(_members(profile) | _use(profile, use))


def detail_of(profile: Profile, use: ProfileUse | None, history: list[Profile]) -> ProfileDetail:
    told = {"history": [_members(one) for one in history]}
    return ProfileDetail.model_validate(_members(profile) | _use(profile, use) | told)


def _use(profile: Profile, use: ProfileUse | None) -> dict[str, object]:
    return {
        "id": profile.profile_id,
        "mill_id": profile.mill_id,
        "every_list": not profile.header_fingerprint,
        "header_fingerprint": profile.header_fingerprint or None,
        "use_count": use.uses if use else 0,
        "success_rate": round(use.listed / use.decided, 3) if use and use.decided else None,
        "last_used_at": use.last_used_at if use else None,
    }


def _members(profile: Profile) -> dict[str, object]:
    lesson = profile.profile
    return {
        "version": profile.version,
        "name": profile.name,
        "status": profile.status,
        "headers": list(profile.headers),
        "columns": {
            header: {"field": told, "unit": None} if isinstance(told, str) else told
            for header, told in cast(Mapping[str, object], lesson.get("columns") or {}).items()
        },
        "grades": lesson.get("grades") or {},
        "classes": lesson.get("classes") or {},
        "decimal": lesson.get("decimal"),
        "changed_by": profile.confirmed_by,
        "changed_at": profile.confirmed_at,
    }
