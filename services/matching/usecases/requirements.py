"""What buyers want: storing, changing and ending requirements. Scoring follows in the worker."""

from dataclasses import asdict
from datetime import datetime
from typing import cast
from uuid import UUID

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from services.matching.convert import terms_of, view_of
from services.matching.domain.model import RequirementStatus
from services.matching.errors import RequirementEnded, RequirementUnknown, Suspended, TooManyActive
from services.matching.schemas import RequirementChange, RequirementCreate
from services.matching.store import indexing, market, queue, requirements
from services.matching.store.requirements import RequirementRow
from shared import outbox, trace
from shared.auth import Actor
from shared.contracts.matching import RequirementChanged
from shared.db import Conn
from shared.preconditions import check_version
from shared.problems import Invalid

FINAL = (RequirementStatus.ARCHIVED, RequirementStatus.EXPIRED)


async def create_requirement(
    conn: Conn, *, body: RequirementCreate, actor: Actor, active_max: int, now: datetime
) -> RequirementRow:
    """Store a requirement of the actor's organisation; an admin names the buyer it is for."""
    buyer_id = await _buyer_for(conn, body=body, actor=actor)
    _check_end(body, now)
    if not body.paused:
        await _check_room(conn, buyer_id=buyer_id, active_max=active_max)
    requirement_id = uuid7()
    status = RequirementStatus.PAUSED if body.paused else RequirementStatus.ACTIVE
    await requirements.insert(
        conn, requirement_id=requirement_id, buyer_id=buyer_id, status=status.value, terms=terms_of(body), now=now
    )
    return await _stored(conn, requirement_id, actor)


async def change_requirement(
    conn: Conn,
    *,
    requirement_id: UUID,
    patch: dict[str, object],
    expected_version: int,
    actor: Actor,
    active_max: int,
    now: datetime,
) -> RequirementRow:
    """Merge ``patch`` (RFC 7396) into a requirement; ``paused`` pauses and resumes it."""
    row = await _locked(conn, requirement_id, expected_version, actor)
    body = _merged(row, patch)
    if body.valid_until != row.valid_until:
        _check_end(body, now)
    if row.status == RequirementStatus.PAUSED and not body.paused:
        await _check_room(conn, buyer_id=row.buyer_id, active_max=active_max)
    status = RequirementStatus.PAUSED if body.paused else RequirementStatus.ACTIVE
    terms = terms_of(body)
    if status == row.status and all(getattr(row, name) == value for name, value in asdict(terms).items()):
        return row
    await requirements.update(
        conn, requirement_id=row.id, version=row.version + 1, status=status.value, terms=terms, now=now
    )
    return await _stored(conn, row.id, actor)


async def archive_requirement(
    conn: Conn, *, requirement_id: UUID, expected_version: int, actor: Actor, now: datetime
) -> None:
    """End a requirement for good; the worker closes its matches."""
    row = await _locked(conn, requirement_id, expected_version, actor)
    await requirements.archive(conn, requirement_id=row.id, version=row.version + 1, now=now)
    await _stored(conn, row.id, actor)


async def expire_requirements(conn: Conn, *, now: datetime, limit: int = 500) -> int:
    """End those whose last day (UTC) is over, at most ``limit`` at a time."""
    ids = await requirements.expire(conn, now=now, limit=limit)
    rows = await indexing.by_ids(conn, ids=ids)
    await queue.add_requirements(conn, ids, cause=trace.current())
    await outbox.add(conn, *(changed(row) for row in rows))
    return len(ids)


async def _buyer_for(conn: Conn, *, body: RequirementCreate, actor: Actor) -> UUID:
    if actor.is_admin and body.buyer_id is None:
        raise Invalid("Name the buyer that this requirement is for in buyer_id.")
    if not actor.is_admin and body.buyer_id not in (None, actor.organization_id):
        raise Invalid("buyer_id can only be your own organisation; leave it out.")
    buyer_id = body.buyer_id or actor.organization_id
    buyer = await market.organization_of(conn, organization_id=buyer_id)
    if actor.is_admin and (buyer is None or buyer.kind != "buyer"):
        raise Invalid("There is no buyer with this buyer_id; check it.")
    if actor.suspended or (buyer is not None and buyer.status != "approved"):
        raise Suspended
    return buyer_id


async def _locked(conn: Conn, requirement_id: UUID, expected_version: int, actor: Actor) -> RequirementRow:
    if actor.suspended:
        raise Suspended
    owner = None if actor.is_admin else actor.organization_id
    row = await requirements.locked(conn, requirement_id=requirement_id, buyer_id=owner)
    if row is None:
        raise RequirementUnknown
    check_version(row.version, expected_version)
    if row.status in FINAL:
        raise RequirementEnded(row.status)
    return row


async def _stored(conn: Conn, requirement_id: UUID, actor: Actor) -> RequirementRow:
    """Say that a requirement has changed, and have it scored."""
    [row] = await indexing.by_ids(conn, ids=[requirement_id])
    await queue.add_requirements(conn, [row.id], cause=trace.current())
    await outbox.add(conn, changed(row), actor=actor.ref())
    return row


def changed(row: RequirementRow) -> RequirementChanged:
    return RequirementChanged(
        requirement_id=row.id,
        buyer_id=row.buyer_id,
        version=row.version,
        status=row.status,
        title=row.title,
        cadence=row.cadence,
        auto_interest=row.auto_interest,
    )


async def _check_room(conn: Conn, *, buyer_id: UUID, active_max: int) -> None:
    if await requirements.active_of_buyer(conn, buyer_id=buyer_id) >= active_max:
        raise TooManyActive(active_max)


def _check_end(body: RequirementCreate | RequirementChange, now: datetime) -> None:
    if body.valid_until is not None and body.valid_until < now.date():
        message = {"pointer": "#/valid_until", "code": "out_of_range", "message": "lies in the past"}
        raise Invalid("valid_until lies in the past; leave it out for a requirement without end.", errors=[message])


def _merged(row: RequirementRow, patch: dict[str, object]) -> RequirementChange:
    # What the owner reads is what he changes: the view without the members that only we set.
    own = view_of(row, live_matches=0).model_dump(mode="json", include=set(RequirementChange.model_fields))
    try:
        return RequirementChange.model_validate(_merge(own, patch))
    except ValidationError as error:
        found = [
            {
                "pointer": "#/" + "/".join(map(str, item["loc"])),
                "code": "unknown_field" if item["type"] == "extra_forbidden" else item["type"],
                "message": item["msg"],
            }
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        only_unknown = all(item["code"] == "unknown_field" for item in found)
        slug = "unknown_field" if only_unknown else "validation_failed"
        raise Invalid("With this change the requirement is not valid; see errors.", slug=slug, errors=found) from None


def _merge(target: object, patch: object) -> object:
    """JSON Merge Patch: ``null`` takes a member out, an object is merged, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(cast(dict[str, object], target)) if isinstance(target, dict) else {}
    for name, value in cast(dict[str, object], patch).items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
