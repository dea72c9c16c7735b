"""What the signed-in person was told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from gateway.notices import text_of
from gateway.schemas import history as schemas
from gateway.store import notifications as store
from gateway.store import people
from gateway.told import href_of
from shared.auth import AnyActor
from shared.paging import Page, Paging
from shared.problems import Invalid
from shared.service import Transaction, router

notifications = router("Platform")


def _shown(one: store.Notification, time_zone: str) -> schemas.Notification:
    title, text = text_of(one.kind, one.facts, time_zone=time_zone)
    href = "/mvp/api/matches" if one.subject_kind == "matches" else href_of(one.subject_kind, one.subject_id)
    return schemas.Notification(
        id=one.id,
        kind=one.kind,
        title=title,
        text=text,
        href=href,
        occurred_at=one.occurred_at,
        read_at=one.read_at,
    )


@notifications.get("/notifications", summary="What you were told, newest first; times are on your clock")
async def list_notifications(
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    paging: Paging,
    unread: Annotated[bool, Query(description="only what was not read yet")] = False,
) -> Page[schemas.Notification]:
    after = (datetime.fromisoformat(paging.after[0]), UUID(paging.after[1])) if paging.after else None
    found = await store.latest(conn, actor.user_id, unread=unread, after=after, limit=paging.limit + 1)
    person = await people.get(conn, actor.user_id)
    shown = found[: paging.limit]
    last = (shown[-1].occurred_at.isoformat(), str(shown[-1].id)) if len(found) > paging.limit else None
    zone = person.time_zone if person else "UTC"
    return paging.page(response, [_shown(one, zone) for one in shown], last)


@notifications.put("/notifications/read-state", summary="Mark some, or everything up to a time, as read")
async def put_read_state(body: schemas.ReadState, actor: AnyActor, conn: Transaction) -> schemas.ReadStateChanged:
    if (body.ids is None) == (body.up_to is None):
        raise Invalid("Send either ids or up_to: which notifications you have read.")
    changed = await store.mark(conn, actor.user_id, ids=body.ids, up_to=body.up_to, read=body.read)
    return schemas.ReadStateChanged(changed=changed, unread=await store.unread_count(conn, actor.user_id))
