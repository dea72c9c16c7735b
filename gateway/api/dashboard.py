"""The figures that each role looks at first."""

from collections import defaultdict
from collections.abc import Sequence

from gateway.schemas import history as schemas
from gateway.store import dashboard as store
from gateway.store.dashboard import Figure
from gateway.store.figures import MARKET, STEPS
from shared.auth import AnyActor
from shared.contracts.gateway import Role
from shared.db import clock
from shared.service import Transaction, router

dashboard = router("Platform")

NEWSLETTER_DAYS = 30
SOON_HOURS = 24
OPEN_BATCHES = ("received", "parsing", "mapping_required", "validating", "review_required", "committing", "reverting")
OPEN_ITEMS = ("pre_production", "available", "reserved")


@dashboard.get("/dashboard", summary="Figures of your company; of the whole market for the operator")
async def get_dashboard(actor: AnyActor, conn: Transaction) -> schemas.Dashboard:
    whose = MARKET if actor.is_admin else actor.organization_id
    mill = actor.organization_id if actor.role == Role.MILL_USER else None
    buyer = actor.organization_id if actor.role == Role.BUYER_USER else None
    figures = await store.figures(conn, whose, newsletter_days=NEWSLETTER_DAYS)
    windows = await store.open_windows(conn, mill_id=mill, buyer_id=buyer, soon_hours=SOON_HOURS)
    listing = None if buyer else await store.listing_time(conn, mill_id=mill)
    return schemas.Dashboard(
        as_of=await clock(conn),
        role=actor.role,
        batches=None if buyer else _by_status(figures, "batches", OPEN_BATCHES),
        items=None if buyer else _by_status(figures, "items", OPEN_ITEMS),
        windows=schemas.Windows(
            active=windows.active,
            ending_soon=windows.ending_soon,
            ending_soon_hours=SOON_HOURS,
            next_end=windows.next_end,
        ),
        grants=grants_of(figures),
        newsletter=None if mill else _newsletter(figures),
        listing=schemas.Listing(
            lists=listing.lists,
            median_seconds=listing.median_seconds,
            slowest_tenth_seconds=listing.slowest_tenth_seconds,
        )
        if listing
        else None,
    )


def _by_status(figures: Sequence[Figure], name: str, unfinished: Sequence[str]) -> schemas.ByStatus:
    found = {one.bucket: one.value for one in figures if one.name == name}
    return schemas.ByStatus(open=sum(found.get(status, 0) for status in unfinished), by_status=found)


def grants_of(figures: Sequence[Figure]) -> list[schemas.Grant]:
    """How often the first, the second and the third holder of a lot bought it."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for one in figures:
        if one.name.startswith("windows."):
            counts[int(one.bucket)][one.name.removeprefix("windows.")] = one.value
    grants: list[schemas.Grant] = []
    for number, found in sorted(counts.items()):
        granted = found.pop("granted", 0)
        ended = sum(found.values())
        conversion = round(found.get("converted", 0) / ended, 4) if ended else None
        grants.append(schemas.Grant(grant_number=number, granted=granted, outcomes=found, conversion=conversion))
    return grants


def _newsletter(figures: Sequence[Figure]) -> schemas.Newsletter:
    found = {one.name.removeprefix("newsletter."): one.value for one in figures if one.name.startswith("newsletter.")}
    return schemas.Newsletter(days=NEWSLETTER_DAYS, **{step: found.get(step, 0) for step in STEPS})
