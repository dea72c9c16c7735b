"""What the events of others mean here. Which event goes where is at the bottom."""

from collections.abc import Sequence

from services.exclusivity.settings import settings
from services.exclusivity.usecases import items, members
from shared.consumer import on
from shared.contracts.catalog import ItemsChanged, ItemsListed, ItemsUnlisted, VisibilityChanged
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.contracts.matching import MatchesClosed, MatchesFound
from shared.db import Conn


async def on_items_listed(conn: Conn, events: Sequence[ItemsListed]) -> None:
    """A lot that is for sale again goes to those who already wait for it."""
    await items.take_snapshots(conn, [item for event in events for item in event.items], terms=settings().terms())


async def on_items_changed(conn: Conn, events: Sequence[ItemsChanged]) -> None:
    await items.take_snapshots(conn, [item for event in events for item in event.items], terms=settings().terms())


async def on_items_unlisted(conn: Conn, events: Sequence[ItemsUnlisted]) -> None:
    await items.unlist(conn, events, terms=settings().terms())


async def on_visibility_changed(conn: Conn, events: Sequence[VisibilityChanged]) -> None:
    await members.take_rules(conn, events, terms=settings().terms())


async def on_organization_changed(conn: Conn, events: Sequence[OrganizationChanged]) -> None:
    await members.take_organizations(conn, events, terms=settings().terms())


async def on_user_changed(conn: Conn, events: Sequence[UserChanged]) -> None:
    await members.take_users(conn, events, terms=settings().terms())


async def on_matches_found(conn: Conn, events: Sequence[MatchesFound]) -> None:
    await members.take_matches(conn, events, terms=settings().terms())


async def on_matches_closed(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    await members.close_matches(conn, events)


SUBSCRIPTIONS = (
    on(ItemsListed, on_items_listed),
    on(ItemsChanged, on_items_changed),
    on(ItemsUnlisted, on_items_unlisted),
    on(VisibilityChanged, on_visibility_changed),
    on(OrganizationChanged, on_organization_changed),
    on(UserChanged, on_user_changed),
    on(MatchesFound, on_matches_found),
    on(MatchesClosed, on_matches_closed),
)
