"""What newsletter does with each event it reads."""

from collections.abc import Sequence

from services.newsletter.settings import settings
from services.newsletter.usecases import generate, notices, people, replicas
from shared.consumer import on
from shared.contracts.catalog import (
    ItemReleased,
    ItemReserved,
    ItemsChanged,
    ItemsListed,
    ItemsUnlisted,
    VisibilityChanged,
)
from shared.contracts.exclusivity import (
    InterestClosed,
    InterestRegistered,
    ItemOpened,
    WindowClosed,
    WindowExpiringSoon,
    WindowExtended,
    WindowExtensionRequested,
    WindowGranted,
)
from shared.contracts.gateway import OrganizationChanged, UserChanged, UserErased
from shared.contracts.ingestion import BatchStatusChanged, DatasheetFailed, RatesChanged
from shared.contracts.matching import MatchesClosed, MatchesFound, RequirementChanged, RunCompleted
from shared.db import Conn, clock


async def on_items_listed(conn: Conn, events: Sequence[ItemsListed]) -> None:
    await replicas.keep_items(conn, [snapshot for event in events for snapshot in event.items])


async def on_user_erased(conn: Conn, events: Sequence[UserErased]) -> None:
    for event in events:
        await people.erase(conn, event.user_id)


async def on_run_completed(conn: Conn, events: Sequence[RunCompleted]) -> None:
    for event in events:
        await generate.ask_on_match(
            conn,
            run_id=event.run_id,
            batch_id=event.batch_id,
            correlation_id=notices.correlation_of(event),
            settings=settings(),
        )


async def on_window_granted(conn: Conn, events: Sequence[WindowGranted]) -> None:
    await replicas.keep_windows(conn, events)
    await notices.tell_of_windows(conn, events, settings=settings(), now=await clock(conn))


async def on_window_expiring(conn: Conn, events: Sequence[WindowExpiringSoon]) -> None:
    await notices.remind_holders(conn, events, settings=settings(), now=await clock(conn))


async def on_window_extended(conn: Conn, events: Sequence[WindowExtended]) -> None:
    await replicas.keep_extended_windows(conn, events)
    await notices.tell_of_extensions(conn, events, settings=settings(), now=await clock(conn))


async def on_extension_requested(conn: Conn, events: Sequence[WindowExtensionRequested]) -> None:
    await notices.ask_mills(conn, events, settings=settings(), now=await clock(conn))


async def on_batch_status(conn: Conn, events: Sequence[BatchStatusChanged]) -> None:
    await notices.answer_batches(conn, events, settings=settings(), now=await clock(conn))


async def on_datasheets_failed(conn: Conn, events: Sequence[DatasheetFailed]) -> None:
    await notices.tell_of_datasheets(conn, events, settings=settings(), now=await clock(conn))


SUBSCRIPTIONS = (
    on(OrganizationChanged, replicas.keep_organizations),
    on(UserChanged, replicas.keep_users),
    on(UserErased, on_user_erased),
    on(BatchStatusChanged, on_batch_status),
    on(DatasheetFailed, on_datasheets_failed),
    on(RatesChanged, replicas.keep_rates),
    on(ItemsListed, on_items_listed),
    on(ItemsChanged, replicas.keep_changed_items),
    on(ItemsUnlisted, replicas.keep_unlisted),
    on(ItemReserved, replicas.keep_reserved),
    on(ItemReleased, replicas.keep_released),
    on(VisibilityChanged, replicas.keep_rules),
    on(RequirementChanged, replicas.keep_requirements),
    on(MatchesFound, replicas.keep_found_matches),
    on(MatchesClosed, replicas.keep_closed_matches),
    on(RunCompleted, on_run_completed),
    on(InterestRegistered, replicas.keep_interests),
    on(InterestClosed, replicas.keep_closed_interests),
    on(WindowGranted, on_window_granted),
    on(WindowClosed, replicas.keep_closed_windows),
    on(WindowExpiringSoon, on_window_expiring),
    on(WindowExtended, on_window_extended),
    on(WindowExtensionRequested, on_extension_requested),
    on(ItemOpened, replicas.keep_opened),
)
