"""What a person asks about himself."""

from uuid import UUID

from fastapi import Response

from gateway.schemas import privacy as schemas
from gateway.usecases import privacy as usecases
from shared.auth import AnyActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.service import Transaction, router

privacy = router("Users & invitations", racing=True)


@privacy.post(
    "/users/{user_id}/privacy-requests",
    status_code=202,
    summary="Ask for all that is held about a user, or for him to be forgotten: he himself or the operator",
)
async def ask_privacy(
    user_id: UUID,
    body: schemas.PrivacyRequestIn,
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    key: Keyed,
) -> schemas.PrivacyRequest:
    ask = usecases.erase if body.type == "erasure" else usecases.ask_export
    request = await ask(conn, user_id, actor=actor, now=await clock(conn))
    response.headers["Location"] = schemas.path_of(request)
    response.headers["Retry-After"] = "2"
    return schemas.PrivacyRequest.of(request)


@privacy.get(
    "/users/{user_id}/privacy-requests/{privacy_request_id}", summary="How far it is, and where the archive is"
)
async def get_privacy_request(
    user_id: UUID, privacy_request_id: UUID, actor: AnyActor, conn: Transaction
) -> schemas.PrivacyRequest:
    return schemas.PrivacyRequest.of(await usecases.find(conn, user_id, privacy_request_id, actor=actor))


@privacy.get(
    "/users/{user_id}/privacy-requests/{privacy_request_id}/archive",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        409: {"description": "not made yet"},
        410: {"description": "too old"},
    },
    summary="The file of an export, to be saved; for seven days",
)
async def get_archive(user_id: UUID, privacy_request_id: UUID, actor: AnyActor, conn: Transaction) -> Response:
    archive = await usecases.archive(conn, user_id, privacy_request_id, actor=actor)
    headers = {"Content-Disposition": 'attachment; filename="offcut-data.json"', "X-Content-Type-Options": "nosniff"}
    return Response(archive, media_type="application/json", headers=headers)
