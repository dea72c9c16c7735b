"""A town: two mills, three buyers and the operator, with things of their own, behind a real gateway and six real APIs.

Everything runs in one test process on loopback ports; events are brought by ``pump`` as in ``Trading``. What belongs to
one of them carries a word that nobody else's has (``SECRETS``), so that a leak is found by looking for words.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx

from gateway import accounts, tokens
from gateway.passwords import hash_password
from gateway.settings import GatewaySettings
from gateway.store import identity
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people
from services.ingestion.reading import Reader
from services.ingestion.settings import settings as ingestion_settings
from services.ingestion.working import read_next_list
from services.newsletter.usecases.people import suppress
from shared import outbox
from shared.contracts.gateway import OrganizationKind, OrganizationStatus, Role
from shared.contracts.ingestion import AcceptedRow, RowsAccepted
from shared.contracts.types import Form, LotValues, QualityClass, RowAction
from shared.db import clock
from tests.support.incidents import incidents
from tests.support.installed import served
from tests.support.pump import Installation, installation
from tests.support.trading import BY, Trading

JSON = dict[str, Any]
PASSWORD = "what the operator knows"
MILLS = ("aumuehle", "birkwerk")
BUYERS = ("carta", "dosenhof", "etikett")
SUSPENDED = "etikett"
PAIRS = (("aumuehle", "carta"), ("birkwerk", "dosenhof"))  # a mill and the buyer who holds one of its lots
PRICES = {"aumuehle": "517.31", "birkwerk": "633.77"}
CALLERS = tuple(f"{slug}.{org_role}" for slug in (*MILLS, *BUYERS) for org_role in ("owner", "member"))
DRAFT = {
    "grade_code": "TL_2", "form": "reel", "gsm": "118", "width_mm": 2100, "weight_net_kg": "777",
    "location_country": "DE", "publish": False,
}  # fmt: skip
LIST_HEADER = "Lot;Grade;gsm;Width mm;Dia mm;Core mm;Reels;Weight kg;Quality class;Price EUR/t"


def entry(slug: str) -> accounts.Entry:
    members = tuple(
        accounts.Member(email=address, name=f"{role} of {slug}".title(), org_role=role)
        for role, address in (("owner", f"desk@{slug}.example"), ("member", f"member@{slug}.example"))
    )
    return accounts.Entry(
        id=slug, name=f"{slug.title()} Works", country="DE", trusted=False, users=members,
        sender_addresses=(f"lists@{slug}.example",),
    )  # fmt: skip


def lot(mill: str, number: str) -> LotValues:
    """``…1`` is what everybody wants, ``…2`` what nobody does."""
    return LotValues(
        grade_code="TL_2",
        form=Form.REEL,
        gsm=Decimal(120 if number.endswith("1") else 480),
        weight_net_kg=Decimal(12345 if mill == MILLS[0] else 23456),
        quality_class=QualityClass.A,
        location_country="DE",
        location_place=f"Yard of {mill}",
        lot_ref=f"{mill}-{number}",
        width_mm=2400,
        price=Decimal(PRICES[mill]),
        currency="EUR",
        price_per_t=Decimal(PRICES[mill]),
    )


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with an id. ``noun``: what parameters of paths call it; ``seen_by``: callers besides the operator."""

    noun: str
    id: str
    seen_by: frozenset[str]
    read_by: frozenset[str] = frozenset()  # who may look besides, and do nothing with it
    within: str | None = None  # the id of what it belongs to, where paths name that too


def _callers(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(one for one in CALLERS if one in names or one.partition(".")[0] in names)


@dataclass(slots=True)
class Town:
    """``headers``: how each caller signs in; ``nobody`` does not."""

    place: Installation
    address: str
    client: httpx.AsyncClient
    headers: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    things: list[Thing] = field(default_factory=list[Thing])

    def add(
        self, noun: str, thing_id: object, *seen_by: str, read_by: tuple[str, ...] = (), within: str | None = None
    ) -> None:
        """``seen_by`` and ``read_by`` hold callers, or slugs for everybody there."""
        self.things.append(Thing(noun, str(thing_id), _callers(seen_by), _callers(read_by), within))

    def first(self, noun: str) -> str | None:
        return next((one.id for one in self.things if one.noun == noun), None)

    async def ask(self, caller: str, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of somebody, below ``/mvp/api``."""
        headers = {**self.headers.get(caller, {}), **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    async def make(self, caller: str, path: str, body: object, *, method: str = "POST", **headers: str) -> JSON:
        """Something new, in everybody's knowledge afterwards."""
        keyed = {"Idempotency-Key": str(uuid4()), **headers}
        answer = await self.ask(caller, method, path, json=body, headers=keyed)
        assert answer.status_code < 300, (caller, path, answer.text)
        await Trading(self.place).settle()
        return answer.json()

    async def sign_everybody_in(self, config: GatewaySettings) -> None:
        callers = {one: entry(one.partition(".")[0]) for one in CALLERS}
        async with self.place.databases["gateway"].transaction() as conn:
            now = await clock(conn)
            for caller, found in {**callers, "admin": OPERATOR}.items():
                people = accounts.people_of(found, Role.ADMIN)
                person = next((one for one in people if one.org_role == caller.partition(".")[2]), people[0])
                account = await identity.account(conn, person.user_id)
                assert account is not None
                token = tokens.access_token(account, session_id=uuid4(), settings=config, now=now, seconds=900)
                self.headers[caller] = {"Authorization": f"Bearer {token}"}
        self.headers["nobody"] = {}


OPERATOR = accounts.Entry(
    id="operator", name="Operator Works", country="AT", users=(accounts.Member(email="op@operator.example"),)
)


@asynccontextmanager
async def town() -> AsyncGenerator[Town]:
    """A town after a day of trade; about three seconds to build."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(installation())
        config = await stack.enter_async_context(served(place))
        address = f"http://127.0.0.1:{config.port}"
        client = httpx.AsyncClient(base_url=f"{address}/mvp/api", timeout=30)
        made = Town(place, address, await stack.enter_async_context(client))
        await _people(made)
        await made.sign_everybody_in(config)
        await _trade(made)
        await _suspend(made)
        await made.sign_everybody_in(config)
        yield made


async def _people(made: Town) -> None:
    sides: Mapping[str, tuple[OrganizationKind, Role]] = {
        **dict.fromkeys(MILLS, (OrganizationKind.MILL, Role.MILL_USER)),
        **dict.fromkeys(BUYERS, (OrganizationKind.BUYER, Role.BUYER_USER)),
    }
    organizations = [accounts.organization_of(entry(slug), kind) for slug, (kind, _) in sides.items()]
    people = [one for slug, (_, role) in sides.items() for one in accounts.people_of(entry(slug), role)]
    organizations.append(accounts.organization_of(OPERATOR, OrganizationKind.OPERATOR))
    people += accounts.people_of(OPERATOR, Role.ADMIN)
    async with made.place.databases["gateway"].transaction() as conn:
        await save_organizations(conn, organizations, actor=BY)
        hashes = {one.user_id: hash_password(PASSWORD) if one.role == Role.ADMIN else "x" for one in people}
        await save_people(conn, people, hashes, actor=BY)
    await made.place.settle()
    for organization in organizations:
        # A window shows each side the card of the other.
        met = tuple(slug for pair in PAIRS for slug in pair if organization.slug in pair)
        made.add("organization_id", organization.organization_id, organization.slug, read_by=met)
        if organization.kind == OrganizationKind.MILL:
            made.add("mill_id", organization.organization_id, organization.slug)
    for person in people:
        slug = person.email.partition("@")[2].partition(".")[0]
        made.add("user_id", person.user_id, f"{slug}.owner", f"{slug}.{person.org_role}")


async def _trade(made: Town) -> None:
    for slug in BUYERS:
        wish = {"title": f"Wish of {slug}", "grade_codes": ["TL_2"], "gsm": {"max": 130}}
        made.add("requirement_id", (await made.make(f"{slug}.owner", "/requirements", wish))["id"], slug)
    for mill in MILLS:
        await _list_lots(made, mill)
        made.add("batch_id", await _upload(made, mill), mill)
        made.add("datasheet_id", await _describe(made, mill), mill)
        made.add("item_id", (await made.make(f"{mill}.owner", "/items", DRAFT))["id"], mill)
        mapping = {
            "name": f"Mapping of {mill}",
            "headers": ["Gewicht"],
            "columns": {"Gewicht": {"field": "weight_net_kg"}},
        }
        profile_id = str(uuid4())
        await made.make(f"{mill}.owner", f"/mapping-profiles/{profile_id}", mapping, method="PUT")
        made.add("profile_id", profile_id, mill)
    items = await Trading(made.place).items()
    for mill, buyer in PAIRS:
        await _ask_for(made, mill, buyer, items[f"{mill}-1"])
    for slug in (*MILLS, *BUYERS):
        token = {"name": f"Token of {slug}", "scopes": ["items:read"]}
        made.add("token_id", (await made.make(f"{slug}.owner", "/api-tokens", token))["id"], f"{slug}.owner")
    await _operate(made, items[f"{MILLS[0]}-1"])


async def _ask_for(made: Town, mill: str, buyer: str, item_id: UUID) -> None:
    """Every buyer asks for the lot, ``buyer`` first; he holds it."""
    trading = [slug for slug in BUYERS if slug != SUSPENDED]  # by the time somebody looks
    made.add("item_id", item_id, mill, *trading)
    for slug in (buyer, *(other for other in BUYERS if other != buyer)):
        interest = await made.make(f"{slug}.owner", "/interests", {"item_id": str(item_id)})
        made.add("interest_id", interest["id"], slug)
        if slug == buyer:
            made.add("window_id", interest["window_id"], buyer, mill)
        found = (await made.ask(f"{slug}.owner", "GET", f"/matches?item_id={item_id}")).json()["items"]
        made.add("match_id", found[0]["id"], slug)


async def _list_lots(made: Town, mill: str) -> None:
    rows = tuple(
        AcceptedRow(
            row_id=uuid4(), lot_key=f"ref:{mill}-{n}", version=1, action=RowAction.CREATE, values=lot(mill, str(n))
        )
        for n in (1, 2)
    )
    mill_id = accounts.organization_id(mill)
    event = RowsAccepted(batch_id=uuid4(), mill_id=mill_id, part=1, parts=1, rows=rows)
    async with made.place.databases["ingestion"].transaction() as conn:
        await outbox.add(conn, event)
    await Trading(made.place).settle()


async def _upload(made: Town, mill: str) -> str:
    """A list that waits for a person of the mill."""
    content = f"{LIST_HEADER}\r\n{mill}-L1;Testliner 2;480;2400;1200;100;5;9120;A;{PRICES[mill]}\r\n".encode()
    answer = await made.ask(
        f"{mill}.owner", "POST", "/batches", files={"file": (f"{mill}.csv", content)},
        data={"list_mode": "append"}, headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    reader = Reader(ingestion_settings())
    try:
        while await read_next_list(made.place.databases["ingestion"], ingestion_settings(), reader):
            await Trading(made.place).settle()
    finally:
        await reader.close()
    return str(answer.json()["id"])


async def _describe(made: Town, mill: str) -> str:
    """A data sheet that nobody has approved yet, so it is the mill's alone."""
    answer = await made.ask(
        f"{mill}.owner", "POST", "/datasheets", files={"file": (f"{mill}.pdf", b"%PDF-1.4 of " + mill.encode())},
        headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def _operate(made: Town, item_id: UUID) -> None:
    """What only the operator has, and the newsletters he sends."""
    for _, buyer in PAIRS:
        wanted = {"buyer_id": str(accounts.organization_id(buyer))}
        people = {str(one.user_id): one for one in accounts.people_of(entry(buyer), Role.BUYER_USER)}
        for issue in (await made.make("admin", "/newsletter/issues", wanted))["items"]:
            made.add("issue_id", issue["id"], f"{buyer}.{people[issue['user_id']].org_role}")
    for slug in (*MILLS, *BUYERS):
        owner = _callers((f"{slug}.owner",))
        [user_id] = [one.id for one in made.things if one.noun == "user_id" and one.seen_by == owner]
        asked = await made.make(f"{slug}.owner", f"/users/{user_id}/privacy-requests", {"type": "export"})
        made.add("privacy_request_id", asked["id"], f"{slug}.owner", within=user_id)
    mailbox = {"name": "Lists", "host": "imap.example.org", "username": "lists", "password": "pass phrase of the box"}
    mailbox_id = (await made.make("admin", "/mailboxes", mailbox))["id"]
    made.add("mailbox_id", mailbox_id)
    for slug, message_id, letter_id in await incidents(made.place, mailbox_id, MILLS):
        made.add("message_id", message_id, slug)
        made.add("dead_letter_id", letter_id)
    made.add("run_id", (await made.make("admin", "/match-runs", {"scope": "item", "item_id": str(item_id)}))["id"])
    async with made.place.databases["newsletter"].transaction() as conn:
        await suppress(
            conn, address="gone@old.example", user_id=None, reason="admin", source="town", now=await clock(conn)
        )
    [found] = (await made.ask("admin", "GET", "/newsletter/suppressions")).json()["items"]
    made.add("suppression_id", found["id"])


async def _suspend(made: Town) -> None:
    async with made.place.databases["gateway"].transaction() as conn:
        organization = accounts.organization_of(entry(SUSPENDED), OrganizationKind.BUYER)
        changed = organization.model_copy(update={"status": OrganizationStatus.SUSPENDED})
        await save_organizations(conn, [changed], actor=BY)
    await Trading(made.place).settle()
