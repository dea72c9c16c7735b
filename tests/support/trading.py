"""A small market that has seen everything once, played through the use cases of the services."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from uuid import UUID, uuid4

from gateway import accounts
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people
from services.exclusivity.domain import Terms
from services.exclusivity.store import windows
from services.exclusivity.usecases.interests import register_interest, withdraw_interest
from services.exclusivity.usecases.windows import release_window
from services.ingestion.usecases.rates import set_rates
from services.matching.jobs import score
from services.matching.schemas import RequirementCreate
from services.matching.usecases.requirements import archive_requirement, create_requirement
from services.newsletter.domain.recipients import Wish
from services.newsletter.usecases.people import set_preference, suppress
from shared import outbox
from shared.auth import Actor
from shared.contracts.base import ActorRef
from shared.contracts.gateway import OrganizationKind, Role, UserStatus
from shared.contracts.ingestion import AcceptedRow, RowsAccepted
from shared.contracts.types import Form, LotValues, QualityClass, RowAction
from shared.db import clock
from tests.support.pump import Installation

BY = ActorRef(via="command")
MILLS = ("aumuehle", "birkwerk")
BUYERS = ("carta", "dosenhof", "etikett")


def entry(slug: str) -> accounts.Entry:
    desk = f"desk@{slug}.example"
    return accounts.Entry(id=slug, name=slug.title(), country="DE", email=desk, trusted=True, sender_addresses=(desk,))


def actor_of(slug: str) -> Actor:
    buyer = slug in BUYERS
    role = Role.BUYER_USER if buyer else Role.MILL_USER
    [person] = accounts.people_of(entry(slug), role)
    return Actor(
        user_id=person.user_id,
        organization_id=accounts.organization_id(slug),
        organization_kind=OrganizationKind.BUYER if buyer else OrganizationKind.MILL,
        role=role,
        org_role="owner",
        session_id=uuid4(),
    )


@dataclass(slots=True)
class Trading:
    """``place`` must settle after each step: the steps of one service rest on what others told it."""

    place: Installation

    async def found(self) -> None:
        """Mills and buyers with a person each."""
        organizations = [accounts.organization_of(entry(slug), OrganizationKind.MILL) for slug in MILLS]
        organizations += [accounts.organization_of(entry(slug), OrganizationKind.BUYER) for slug in BUYERS]
        persons = [one for slug in MILLS for one in accounts.people_of(entry(slug), Role.MILL_USER)]
        persons += [one for slug in BUYERS for one in accounts.people_of(entry(slug), Role.BUYER_USER)]
        async with self.place.databases["gateway"].transaction() as conn:
            await save_organizations(conn, organizations, actor=BY)
            await save_people(conn, persons, {one.user_id: "x" for one in persons}, actor=BY)
        await self.place.settle()
        async with self.place.databases["gateway"].transaction() as conn:
            renamed = organizations[0].model_copy(update={"name": "Aumühle Papier", "contacts": ()})
            await save_organizations(conn, [renamed], actor=BY)
            left = persons[1].model_copy(update={"status": UserStatus.INACTIVE})
            await save_people(conn, [left], {}, actor=BY)
        await self.rates(date(2026, 11, 20), Decimal("1.0850"))
        await self.place.settle()

    async def rates(self, day: date, dollars: Decimal) -> None:
        async with self.place.databases["ingestion"].transaction() as conn:
            await set_rates(conn, dated=day, base="EUR", per_base={"USD": dollars}, user_id=uuid4())
        await self.place.settle()

    async def list_lots(self, mill: str, *rows: tuple[str, RowAction, int], version: int = 1) -> None:
        """Lots as (number, action, weight in t)."""
        mill_id = accounts.organization_id(mill)
        accepted = tuple(
            AcceptedRow(
                row_id=uuid4(),
                lot_key=f"ref:{number}",
                version=version,
                action=action,
                values=None if action == RowAction.WITHDRAW else lot(number, weight),
            )
            for number, action, weight in rows
        )
        event = RowsAccepted(batch_id=uuid4(), mill_id=mill_id, part=1, parts=1, rows=accepted)
        async with self.place.databases["ingestion"].transaction() as conn:
            await outbox.add(conn, event)
        await self.settle()

    async def settle(self) -> None:
        """Until matching has nothing to score any more either."""
        await self.place.settle()
        while await score(self.place.databases["matching"]):
            await self.place.settle()

    async def want(self, buyer: str, title: str, *, auto: bool = False, cadence: str = "daily") -> UUID:
        body = RequirementCreate.model_validate(
            {
                "title": title,
                "grade_codes": ["TL_2"],
                "gsm": {"max": 100} if auto else {},  # of all lots only the first A2, and B2
                "auto_interest": auto,
                "cadence": cadence,
            }
        )
        async with self.place.databases["matching"].transaction() as conn:
            row = await create_requirement(
                conn, body=body, actor=actor_of(buyer), active_max=100, now=await clock(conn)
            )
        await self.settle()
        return row.id

    async def want_no_more(self, buyer: str, requirement_id: UUID) -> None:
        async with self.place.databases["matching"].transaction() as conn:
            await archive_requirement(
                conn,
                requirement_id=requirement_id,
                expected_version=1,
                actor=actor_of(buyer),
                now=await clock(conn),
            )
        await self.settle()

    async def items(self) -> dict[str, UUID]:
        async with self.place.databases["catalog"].transaction() as conn:
            found = await conn.execute("SELECT lot_key, item_id FROM item")
            return {row[0].removeprefix("ref:"): row[1] for row in await found.fetchall()}

    async def ask(self, buyer: str, number: str) -> UUID:
        actor = actor_of(buyer)
        item_id = (await self.items())[number]
        async with self.place.databases["exclusivity"].transaction() as conn:
            made = await register_interest(
                conn,
                item_id=item_id,
                buyer_id=actor.organization_id,
                user_id=actor.user_id,
                not_needed_after=None,
                terms=Terms(),
                by=actor.ref(),
            )
        await self.settle()
        return made.interest.id

    async def leave(self, buyer: str, interest_id: UUID) -> None:
        actor = actor_of(buyer)
        async with self.place.databases["exclusivity"].transaction() as conn:
            await withdraw_interest(conn, interest_id=interest_id, buyer_id=actor.organization_id, by=actor.ref())
        await self.settle()

    async def give_back(self, buyer: str, number: str) -> None:
        item_id = (await self.items())[number]
        async with self.place.databases["exclusivity"].transaction() as conn:
            [window] = await windows.active_on(conn, [item_id])
            await release_window(
                conn, window_id=window.id, actor=actor_of(buyer), version=window.version, terms=Terms()
            )
        await self.settle()

    async def wish(self, buyer: str, cadence: str) -> None:
        actor = actor_of(buyer)
        wish = Wish(cadence, 1, time(7), None, None, 20, True, None, None)
        async with self.place.databases["newsletter"].transaction() as conn:
            now = await clock(conn)
            await set_preference(
                conn, user_id=actor.user_id, wish=wish, expected_version=0, source="api", by=actor.user_id, now=now
            )
            await suppress(conn, address="gone@old.example", user_id=None, reason="admin", source="test", now=now)
        await self.settle()

    async def play(self, day: int) -> None:
        """One of three days of trade, in their order."""
        await (self._first_day, self._second_day, self._third_day)[day - 1]()

    async def _first_day(self) -> None:
        await self.found()
        await self.want("carta", "Liner")
        await self.want("etikett", "Liner at once", auto=True)
        await self.list_lots("aumuehle", *[(f"A{n}", RowAction.CREATE, 10 + n) for n in range(1, 7)])
        await self.ask("dosenhof", "A1")

    async def _second_day(self) -> None:
        await self.list_lots("aumuehle", ("A2", RowAction.UPDATE, 30), ("A3", RowAction.WITHDRAW, 0), version=2)
        await self.list_lots("birkwerk", ("B1", RowAction.CREATE, 20), ("B2", RowAction.CREATE, 25))
        await self.give_back("etikett", "A2")
        await self.ask("carta", "A4")
        waiting = await self.ask("dosenhof", "A4")
        await self.leave("dosenhof", waiting)

    async def _third_day(self) -> None:
        await self.rates(date(2026, 11, 21), Decimal("1.0900"))
        over = await self.want("dosenhof", "Liner, for a week")
        await self.want_no_more("dosenhof", over)
        await self.ask("carta", "A2")
        await self.ask("carta", "B1")
        await self.list_lots("aumuehle", ("A5", RowAction.WITHDRAW, 0), version=3)
        await self.wish("carta", "weekly")


def lot(number: str, tonnes: int) -> LotValues:
    return LotValues(
        grade_code="TL_2",
        form=Form.REEL,
        gsm=Decimal(90 if number in ("A2", "B2") and tonnes < 30 else 120),
        weight_net_kg=Decimal(1000 * tonnes),
        quality_class=QualityClass.A,
        location_country="DE",
        lot_ref=number,
        width_mm=2400,
        price=Decimal(500),
        currency="USD",
        price_per_t=Decimal(500),
    )
