"""A small market as newsletter hears of it: every noun is an event, brought to newsletter's own handlers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from psycopg import sql

from services.newsletter.handlers import SUBSCRIPTIONS
from shared.contracts.base import Event
from shared.contracts.catalog import ItemsListed, ItemSnapshot, ItemStatus, VisibilityChanged
from shared.contracts.gateway import (
    Contact,
    OrganizationChanged,
    OrganizationKind,
    OrganizationStatus,
    Role,
    UserChanged,
    UserStatus,
)
from shared.contracts.matching import Criterion, FoundMatch, MatchesFound, RunCompleted
from shared.contracts.types import Certification, Form, LotValues, QualityClass
from shared.contracts.visibility import Disclosure, RuleSet
from shared.db import Database

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


async def bring(db: Database, *events: Event) -> None:
    """Bring events to their handlers, each in a transaction of its own, in this order."""
    for event in events:
        handle = next(one.handle for one in SUBSCRIPTIONS if one.event is type(event))
        assert handle is not None
        async with db.transaction() as conn:
            await handle(conn, [event])


@dataclass(frozen=True, slots=True)
class Person:
    """A user with his organisation."""

    user_id: UUID
    organization_id: UUID
    email: str


@dataclass(slots=True)
class Market:
    """Organisations, lots and matches by short names; versions count up by themselves."""

    db: Database
    version: int = 0
    items: dict[str, UUID] = field(default_factory=dict[str, UUID])

    def next_version(self) -> int:
        self.version += 1
        return self.version

    async def organization(
        self,
        slug: str,
        kind: OrganizationKind,
        *,
        name: str | None = None,
        status: OrganizationStatus = OrganizationStatus.APPROVED,
        organization_id: UUID | None = None,
    ) -> UUID:
        event = OrganizationChanged(
            organization_id=organization_id or uuid4(),
            version=self.next_version(),
            kind=kind,
            name=name or f"{slug.title()} Ltd",
            slug=slug,
            status=status,
            country="DE",
            language="en",
            time_zone="Europe/Berlin",
            currency="EUR",
            contacts=(Contact(name=f"Desk of {slug}", email=f"desk@{slug}.example", phone="+49 30 1"),),
        )
        await bring(self.db, event)
        return event.organization_id

    async def person(
        self,
        organization_id: UUID,
        slug: str,
        *,
        role: Role = Role.BUYER_USER,
        name: str | None = None,
        language: str = "en",
    ) -> Person:
        event = UserChanged(
            user_id=uuid4(),
            version=self.next_version(),
            organization_id=organization_id,
            role=role,
            org_role="owner",
            status=UserStatus.ACTIVE,
            name=name or f"Kim {slug.title()}",
            email=f"purchasing@{slug}.example",
            language=language,
            time_zone="Europe/Berlin",
        )
        await bring(self.db, event)
        return Person(event.user_id, organization_id, event.email)

    async def buyer(self, slug: str, *, name: str | None = None, language: str = "en") -> Person:
        """A buyer with one reader."""
        organization = await self.organization(slug, OrganizationKind.BUYER)
        return await self.person(organization, slug, name=name, language=language)

    async def mill(
        self, slug: str, *, blocked: Sequence[UUID] = (), price: Disclosure = Disclosure.MATCHED, rules: bool = True
    ) -> UUID:
        """A mill with its rules."""
        mill_id = await self.organization(slug, OrganizationKind.MILL)
        if rules:
            await self.rules(mill_id, blocked=blocked, price=price)
        return mill_id

    async def rules(
        self, mill_id: UUID, *, blocked: Sequence[UUID] = (), price: Disclosure = Disclosure.MATCHED
    ) -> None:
        rules = RuleSet(blocked_buyers=tuple(blocked), price=price)
        await bring(self.db, VisibilityChanged(mill_id=mill_id, version=self.next_version(), rules=rules))

    def snapshot(self, mill_id: UUID, ref: str, **values: object) -> ItemSnapshot:
        """A lot of a mill; ``values`` replace the usual ones."""
        usual: dict[str, object] = {
            "grade_code": "TL_2",
            "form": Form.REEL,
            "gsm": Decimal(135),
            "weight_net_kg": Decimal(24600),
            "quality_class": QualityClass.A,
            "location_country": "DE",
            "lot_ref": ref,
            "width_mm": 2450,
            "price": Decimal("612.50"),
            "price_per_t": Decimal("612.50"),
            "currency": "EUR",
            "certification": (Certification.FSC,),
            "product_name": f"Brand of {ref}",
        }
        return ItemSnapshot(
            item_id=self.items.setdefault(ref, uuid4()),
            lot_key=ref,
            mill_id=mill_id,
            version=self.next_version(),
            listing_cycle=1,
            status=ItemStatus.AVAILABLE,
            values=LotValues(**{**usual, **values}),  # pyright: ignore[reportArgumentType] – the names are those of the fields
            listed_at=NOW,
        )

    async def listed(self, mill_id: UUID, *refs: str, **values: object) -> ItemsListed:
        """List lots."""
        event = ItemsListed(mill_id=mill_id, items=tuple(self.snapshot(mill_id, ref, **values) for ref in refs))
        await bring(self.db, event)
        return event

    async def matched(
        self, ref: str, *buyers: Person, cadence: str = "on_match", title: str = "Testliner, wide", score: int = 90
    ) -> list[UUID]:
        """Match a lot, known here or not yet, with buyers; the ids of the matches."""
        found = tuple(
            FoundMatch(
                match_id=uuid4(),
                requirement_id=uuid4(),
                requirement_title=title,
                buyer_id=buyer.organization_id,
                score=Decimal(score),
                explanation=(
                    Criterion(criterion="grade", required="TL_2", offered="TL_2", result="met", weight=25),
                    Criterion(criterion="core", required="100 mm", offered="", result="not_stated", weight=5),
                ),
                cadence=cadence,
                version=self.next_version(),
            )
            for buyer in buyers
        )
        item_id = self.items.setdefault(ref, uuid4())
        await bring(self.db, MatchesFound(item_id=item_id, mill_id=uuid4(), listing_cycle=1, matches=found))
        return [match.match_id for match in found]

    async def run_completed(self, *, batch: bool = True) -> None:
        event = RunCompleted(
            run_id=uuid4(),
            scope="batch" if batch else "requirement",
            batch_id=uuid4() if batch else None,
            items=1,
            requirements=1,
            found=1,
            closed=0,
            duration_ms=1,
        )
        await bring(self.db, event)

    async def set_clock(self, at: datetime | None = None, *, forward: timedelta = timedelta()) -> None:
        """Stop the database's clock at a moment, or set it forward and let it run."""
        await set_clock(self.db, at, forward=forward)


async def set_clock(db: Database, at: datetime | None = None, *, forward: timedelta = timedelta()) -> None:
    moment = sql.SQL("{}::timestamptz").format(sql.Literal(at.isoformat() if at else ""))
    if at is None:
        moment = sql.SQL("clock_timestamp() + {}::interval").format(sql.Literal(f"{forward.total_seconds()} s"))
    async with db.transaction() as conn:
        await conn.execute(
            sql.SQL("CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS {}").format(
                sql.Literal(f"SELECT {moment.as_string(conn)}")
            )
        )
