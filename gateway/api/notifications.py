"""What the signed-in person was told."""

from functools import partial
from typing import Annotated

from fastapi import Response

from gateway.notices import text_of
from gateway.schemas import history as schemas
from gateway.store import notifications as store
from gateway.store import people
from gateway.told import href_of
from shared.auth import AnyActor
from shared.listing import Asked, listed
from shared.paging import Page
from shared.problems import Invalid
from shared.service import Transaction, router

notifications = router("Platform")


def _shown(one: store.Notification, *, time_zone: str) -> schemas.Notification:
    title, text = text_of(one.kind, one.facts, time_zone=time_zone)
    href = "/mvp/api/matches" if one.subject_kind == "matches" else href_of(one.subject_kind, one.subject_id)
    return schemas.Notification(
        id=one.id,
        kind=one.kind,
        title=title,
        text=text,
        href=href,
        unread=one.read_at is None,
        occurred_at=one.occurred_at,
        read_at=one.read_at,
    )


@notifications.get(
    "/notifications",
    response_model=Page[schemas.Notification],
    summary="What you were told, newest first; times are on your clock",
)
async def list_notifications(
    actor: AnyActor, conn: Transaction, asked: Annotated[Asked, listed(store.NOTIFICATIONS)]
) -> Page[schemas.Notification] | Response:
    person = await people.get(conn, actor.user_id)
    zone = person.time_zone if person else "UTC"
    return await asked.answer(partial(store.listed, person_id=actor.user_id), partial(_shown, time_zone=zone))


@notifications.put("/notifications/read-state", summary="Mark some, or everything up to a time, as read")
async def put_read_state(body: schemas.ReadState, actor: AnyActor, conn: Transaction) -> schemas.ReadStateChanged:
    if (body.ids is None) == (body.up_to is None):
        raise Invalid("Send either ids or up_to: which notifications you have read.")
    changed = await store.mark(conn, actor.user_id, ids=body.ids, up_to=body.up_to, read=body.read)
    return schemas.ReadStateChanged(changed=changed, unread=await store.unread_count(conn, actor.user_id))
