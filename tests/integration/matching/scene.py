"""A market in a database of matching: events come in, the job scores, the outbox says what others are told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

from services.matching import handlers
from services.matching.jobs import score_within
from services.matching.schemas import RequirementCreate
from services.matching.usecases.requirements import archive_requirement, change_requirement, create_requirement
from services.matching.usecases.scoring import Limits
from shared.auth import Actor
from shared.contracts import BY_TYPE
from shared.contracts.base import Attributes, Event
from shared.contracts.catalog import (
    ItemsChanged,
    ItemsListed,
    ItemSnapshot,
    ItemStatus,
    ItemsUnlisted,
    UnlistedItem,
    UnlistReason,
    VisibilityChanged,
)
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus, Role
from shared.contracts.matching import MatchesClosed, MatchesFound, RunCompleted
from shared.contracts.types import Form, LotValues, QualityClass
from shared.contracts.visibility import RuleSet
from shared.db import Conn, Database, clock

E = TypeVar("E", bound=Event)
LOT = LotValues(
    grade_code="TL_2",
    form=Form.REEL,
    gsm=Decimal(135),
    weight_net_kg=Decimal(21349),
    quality_class=QualityClass.A,
    location_country="DE",
    width_mm=2450,
    price=Decimal(600),
    price_per_t=Decimal(600),
    currency="EUR",
)
WISH: dict[str, Any] = {
    "title": "Testliner 2",
    "grade_codes": ["TL_2"],
    "product_forms": ["reel"],
    "gsm": {"min": 125, "max": 150},
    "quality_floor": "B",
}
EVERYBODY = RuleSet()
LIMITS = Limits(items=500, requirements=50, matches_per_item=500)


def received(event: E, *, correlation_id: str = "of this test") -> E:
    """The event as a reader brings it."""
    attributes = Attributes(
        id=uuid4(),
        seq=1,
        epoch=uuid4(),
        source="tests",
        time=datetime(2026, 11, 21, tzinfo=UTC),
        correlation_id=correlation_id,
    )
    return event.model_copy(update={"attributes": attributes})


def snapshot(
    mill_id: UUID, *, item_id: UUID | None = None, version: int = 1, cycle: int = 1, **values: Any
) -> ItemSnapshot:
    """A lot that the usual wish fits, with other values where named."""
    item_id = item_id or uuid4()
    return ItemSnapshot(
        item_id=item_id,
        lot_key=str(item_id),
        mill_id=mill_id,
        version=version,
        listing_cycle=cycle,
        status=ItemStatus.AVAILABLE,
        values=replace(LOT, **values),
        listed_at=datetime(2026, 11, 21, tzinfo=UTC),
    )


def buyer_actor(buyer_id: UUID) -> Actor:
    return Actor(
        user_id=uuid4(),
        organization_id=buyer_id,
        organization_kind=OrganizationKind.BUYER,
        role=Role.BUYER_USER,
        org_role="owner",
        session_id=uuid4(),
    )


class Scene:
    def __init__(self, db: Database) -> None:
        self.db = db

    async def bring(self, handler: Callable[[Conn, Sequence[E]], Awaitable[None]], *events: E) -> None:
        """Bring events to a handler as one set, as the reader does."""
        async with self.db.transaction() as conn:
            await handler(conn, [event if event.attributes else received(event) for event in events])

    async def mill(self, mill_id: UUID | None = None, *, rules: RuleSet | None = EVERYBODY) -> UUID:
        """An approved mill; with ``rules`` ``None`` catalog has not told any yet."""
        mill_id = mill_id or uuid4()
        await self.organization(mill_id, OrganizationKind.MILL)
        if rules is not None:
            await self.rules(mill_id, rules, version=1)
        return mill_id

    async def rules(self, mill_id: UUID, rules: RuleSet, *, version: int) -> None:
        changed = VisibilityChanged(mill_id=mill_id, version=version, rules=rules)
        await self.bring(handlers.on_visibility_changed, changed)

    async def buyer(self, buyer_id: UUID | None = None, *, country: str = "DE") -> UUID:
        return await self.organization(buyer_id or uuid4(), OrganizationKind.BUYER, country=country)

    async def organization(
        self,
        organization_id: UUID,
        kind: OrganizationKind,
        *,
        version: int = 1,
        status: OrganizationStatus = OrganizationStatus.APPROVED,
        country: str = "DE",
    ) -> UUID:
        event = OrganizationChanged(
            organization_id=organization_id,
            version=version,
            kind=kind,
            name="Somebody",
            slug=f"org-{organization_id}",
            status=status,
            country=country,
            language="de",
            time_zone="Europe/Berlin",
            currency="EUR",
            segment="corrugator" if kind == OrganizationKind.BUYER else None,
        )
        await self.bring(handlers.on_organization_changed, event)
        return organization_id

    async def wish(self, buyer_id: UUID, *, active_max: int = 200, **wanted: Any) -> UUID:
        """The usual requirement of a buyer, with other members where named."""
        body = RequirementCreate.model_validate({**WISH, **wanted})
        async with self.db.transaction() as conn:
            row = await create_requirement(
                conn, body=body, actor=buyer_actor(buyer_id), active_max=active_max, now=await clock(conn)
            )
        return row.id

    async def change(self, buyer_id: UUID, requirement_id: UUID, *, version: int = 1, **patch: object) -> None:
        async with self.db.transaction() as conn:
            await change_requirement(
                conn,
                requirement_id=requirement_id,
                patch=patch,
                expected_version=version,
                actor=buyer_actor(buyer_id),
                active_max=200,
                now=await clock(conn),
            )

    async def archive(self, buyer_id: UUID, requirement_id: UUID, *, version: int = 1) -> None:
        async with self.db.transaction() as conn:
            await archive_requirement(
                conn,
                requirement_id=requirement_id,
                expected_version=version,
                actor=buyer_actor(buyer_id),
                now=await clock(conn),
            )

    async def list_items(
        self,
        *items: ItemSnapshot,
        batch_id: UUID | None = None,
        part: int = 1,
        parts: int = 1,
        mill_id: UUID | None = None,
    ) -> None:
        owner = mill_id or items[0].mill_id
        event = ItemsListed(mill_id=owner, batch_id=batch_id, part=part, parts=parts, items=items)
        await self.bring(handlers.on_items_listed, event)

    async def change_items(self, *items: ItemSnapshot) -> None:
        await self.bring(handlers.on_items_changed, ItemsChanged(mill_id=items[0].mill_id, items=items))

    async def unlist(self, item: ItemSnapshot, reason: UnlistReason, *, buyer_id: UUID | None = None) -> None:
        gone = UnlistedItem(
            item_id=item.item_id,
            lot_key=item.lot_key,
            version=item.version + 1,
            listing_cycle=item.listing_cycle,
            reason=reason,
            buyer_id=buyer_id,
        )
        await self.bring(handlers.on_items_unlisted, ItemsUnlisted(mill_id=item.mill_id, items=(gone,)))

    async def score(self, limits: Limits = LIMITS, *, db: Database | None = None) -> int:
        """Let the job run until nothing waits; how many things it took on."""
        done = 0
        while taken := await score_within(db or self.db, limits):
            done += taken
        return done

    async def told(self, kind: type[E]) -> list[E]:
        """The events of one type that wait in the outbox, oldest first."""
        rows = await self.rows("SELECT type, body FROM outbox WHERE type = %(type)s ORDER BY id", type=kind.TYPE)
        return [kind.model_validate_json(row[1]) for row in rows if BY_TYPE[row[0]].event is kind]

    async def found(self) -> list[tuple[UUID, UUID, int]]:
        """(requirement, item, version) of every match told of."""
        return [
            (match.requirement_id, event.item_id, match.version)
            for event in await self.told(MatchesFound)
            for match in event.matches
        ]

    async def closed(self) -> list[tuple[UUID, str]]:
        """(requirement, reason) of every match told to be over."""
        return [(one.requirement_id, one.reason) for event in await self.told(MatchesClosed) for one in event.matches]

    async def runs(self) -> list[RunCompleted]:
        return await self.told(RunCompleted)

    async def matches(self) -> dict[tuple[UUID, UUID], str]:
        """Status by requirement and item."""
        rows = await self.rows("SELECT requirement_id, item_id, status FROM match")
        return {(row[0], row[1]): row[2] for row in rows}

    async def rows(self, query: Any, **params: object) -> list[tuple[Any, ...]]:
        async with self.db.transaction() as conn:
            return await (await conn.execute(query, params)).fetchall()
