"""Saved mappings: what people taught us about the lists of a mill, and an empty list to start from."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from services.ingestion.api.access import mill_of
from services.ingestion.errors import ProfileNotFound, UnknownMill
from services.ingestion.schemas.decisions import columns_of
from services.ingestion.schemas.profiles import ProfileDetail, ProfileIn, ProfileView, detail_of, view_of
from services.ingestion.store import profiles
from services.ingestion.usecases.profiles import Meaning, ProfileChange, put_profile
from shared import export
from shared.auth import Actor, MillActor
from shared.db import Conn
from shared.keyset import Found, Question
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import SeenVersion, tag
from shared.service import Transaction, router

HISTORY_SHOWN_MAX = 50
TEMPLATE = (
    "Lot no", "Grade", "Form", "gsm (g/m2)", "Width (mm)", "Sheet width (mm)", "Sheet length (mm)", "Diameter (mm)",
    "Core (mm)", "Reels", "Pallets", "Weight (kg)", "Quality class", "Colour", "Price (EUR/t)", "Incoterm", "Location",
    "Certification", "Available from", "Remarks",
)  # fmt: skip
"""Column names that the reader is sure of."""
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {kind.media_type: {} for kind in export.Format},
        "description": "saved mappings; as a file an empty list with columns that need no mapping",
    }
}

routes = router("mappings")


@routes.get("/mapping-profiles", response_model=Page[ProfileView], responses=FILES)
async def list_mappings(
    actor: MillActor, asked: Annotated[Asked, listed(profiles.PROFILES)]
) -> Page[ProfileView] | Response:
    """Saved mappings with how often they were used and how well it went; as csv or xlsx an empty list to fill in."""
    kind = asked.export
    if kind is not None:
        content = export.table(kind, [TEMPLATE])
        return Response(content, media_type=kind.media_type, headers=export.headers(kind, "offcut-list"))

    async def with_uses(conn: Conn, question: Question) -> Found[ProfileView]:
        found = await profiles.list_profiles(conn, question, mill_id=mill_of(actor))
        uses = await profiles.uses_of(conn, [one.profile_id for one in found.rows])
        return found.shaped(lambda one: view_of(one, uses.get(one.profile_id)))

    return await asked.answer(with_uses, lambda view: view)


@routes.get("/mapping-profiles/{profile_id}")
async def get_mapping(conn: Transaction, actor: MillActor, profile_id: UUID, response: Response) -> ProfileDetail:
    """A saved mapping with its history."""
    profile = await profiles.find_profile(conn, profile_id, mill_id=mill_of(actor))
    if profile is None:
        raise ProfileNotFound
    uses = await profiles.uses_of(conn, [profile_id])
    history = await profiles.history_of(conn, profile_id, limit=HISTORY_SHOWN_MAX)
    tag(response, profile.version)
    return detail_of(profile, uses.get(profile_id), history)


def _mill(actor: Actor, mill_id: UUID | None) -> UUID:
    """Whose mapping it is: the actor's mill, or the one an operator names."""
    if actor.is_admin:
        if mill_id is None:
            raise UnknownMill
        return mill_id
    if mill_id not in (None, actor.organization_id):
        raise UnknownMill
    return actor.organization_id


@routes.put("/mapping-profiles/{profile_id}", responses={201: {"model": ProfileDetail, "description": "created"}})
async def put_mapping(
    conn: Transaction,
    actor: MillActor,
    profile_id: UUID,
    body: ProfileIn,
    response: Response,
    expected: SeenVersion,
) -> ProfileDetail:
    """Create, replace or archive a mapping; its id is made by the client. Every version is kept."""
    change = ProfileChange(
        profile_id=profile_id,
        mill_id=_mill(actor, body.mill_id),
        name=body.name,
        status=body.status,
        headers=body.headers,
        meaning=Meaning(columns_of(body), body.grades, dict(body.classes), body.decimal),
    )
    saved, created = await put_profile(conn, change, expected=expected, user_id=actor.user_id)
    response.status_code = 201 if created else 200
    uses = await profiles.uses_of(conn, [profile_id])
    history = await profiles.history_of(conn, profile_id, limit=HISTORY_SHOWN_MAX)
    tag(response, saved.version)
    return detail_of(saved, uses.get(profile_id), history)
