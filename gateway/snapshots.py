"""Everybody there is, for a subscriber that has to start anew."""

from gateway.store import organizations as organization_store
from gateway.store import people as people_store
from shared.contracts.base import Event
from shared.contracts.gateway import UserErased, UserStatus
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish


async def publish_snapshots(conn: Conn) -> int:
    """Organisations, then people; how many events. A person who was erased is erased again, not only blank."""
    published = 0
    async for organizations in paged(
        lambda after: organization_store.by_slug(conn, after=after, limit=PAGE),
        lambda one: one.slug,
    ):
        published += await publish(conn, organizations)
    async for people in paged(lambda after: people_store.by_id(conn, after=after, limit=PAGE), lambda one: one.user_id):
        events: list[Event] = list(people)
        events += [UserErased(user_id=one.user_id) for one in people if one.status == UserStatus.ERASED]
        published += await publish(conn, events)
    return published
