"""Accounts from the command line: the first administrator, or a whole market for a demo.

    python -m gateway.accounts create-admin --email you@example.org --name "Your Name"
    python -m gateway.accounts load-market samples/market.json --password ...
    python -m gateway.accounts import-users users.json

An imported user is ``{"email", "name", "organization": slug, "password": "pbkdf2_sha256$..."}``.

Both may be repeated: what is there and the same stays as it is.
"""

import asyncio
import getpass
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid5

import orjson
import typer
from pydantic import BaseModel, ConfigDict, TypeAdapter

from gateway.domain import PASSWORD_LENGTH_MIN, ROLE_OF_KIND
from gateway.passwords import hash_password, is_importable
from gateway.schemas import Email, Language, Name, OrgRole, TimeZone
from gateway.settings import settings
from gateway.store import organizations as organization_store
from gateway.store import people as people_store
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people
from shared.contracts.base import ActorRef
from shared.contracts.gateway import (
    Contact,
    OrganizationChanged,
    OrganizationKind,
    OrganizationStatus,
    Role,
    UserChanged,
    UserStatus,
)
from shared.db import Conn, Database

NAMESPACE = UUID("6f0a1c52-9f6e-4a44-8f6a-0d9d9b7c1e11")  # names of a market file become the same ids every time
COMMAND = ActorRef(via="command")
CURRENCIES = {"US": "USD", "GB": "GBP", "SE": "SEK", "CH": "CHF", "DK": "DKK", "NO": "NOK", "PL": "PLN", "CZ": "CZK"}

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


class Member(BaseModel):
    """One user of an organisation in a market file."""

    model_config = ConfigDict(extra="ignore")
    email: str
    name: str | None = None
    org_role: str = "owner"


class Entry(BaseModel):
    """A mill or buyer in a market file; ``id`` is its slug."""

    model_config = ConfigDict(extra="ignore")
    id: str
    name: str
    country: str
    language: str = "en"
    time_zone: str = "UTC"
    trusted: bool = False
    kind: str | None = None  # of a buyer: corrugator, merchant, printer …
    domain: str | None = None
    email: str | None = None
    sender_addresses: tuple[str, ...] = ()
    users: tuple[Member, ...] = ()

    def members(self) -> tuple[Member, ...]:
        """The users named, or one owner behind the address of the organisation."""
        addresses = (self.email,) if self.email else self.sender_addresses[:1]
        return self.users or tuple(Member(email=address, name=self.name) for address in addresses)


class Market(BaseModel):
    """What a market file holds for the gateway; matching reads the requirements."""

    model_config = ConfigDict(extra="ignore")
    mills: tuple[Entry, ...] = ()
    buyers: tuple[Entry, ...] = ()


def organization_id(slug: str) -> UUID:
    """The id that a market file's organisation always gets."""
    return uuid5(NAMESPACE, f"organization {slug}")


def organization_of(entry: Entry, kind: OrganizationKind) -> OrganizationChanged:
    """The snapshot of an entry, as the gateway publishes it."""
    first = entry.members()[:1]
    return OrganizationChanged(
        organization_id=organization_id(entry.id),
        version=1,
        kind=kind,
        name=entry.name,
        slug=entry.id,
        status=OrganizationStatus.APPROVED,
        country=entry.country,
        language=entry.language,
        time_zone=entry.time_zone,
        currency=CURRENCIES.get(entry.country, "EUR"),
        trusted=entry.trusted,
        segment=entry.kind,
        sender_addresses=entry.sender_addresses,
        sender_domains=(entry.domain,) if entry.domain else (),
        contacts=tuple(Contact(name=one.name or entry.name, email=one.email) for one in first),
    )


def people_of(entry: Entry, role: Role) -> list[UserChanged]:
    """The users of an entry."""
    return [
        UserChanged(
            user_id=uuid5(NAMESPACE, f"user {member.email.casefold()}"),
            version=1,
            organization_id=organization_id(entry.id),
            role=role,
            org_role=member.org_role,
            status=UserStatus.ACTIVE,
            name=member.name or entry.name,
            email=member.email,
            language=entry.language,
            time_zone=entry.time_zone,
        )
        for member in entry.members()
    ]


@asynccontextmanager
async def _transaction() -> AsyncGenerator[Conn]:
    db = Database(settings().database_url, service="gateway", process="accounts", size_max=1)
    await db.open()
    try:
        async with db.transaction() as conn:
            yield conn
    finally:
        await db.close()


async def _save(organizations: Sequence[OrganizationChanged], people: Sequence[UserChanged], password: str) -> int:
    async with _transaction() as conn:
        changed = await save_organizations(conn, organizations, actor=COMMAND)
        known = await people_store.with_password(conn, [one.user_id for one in people])
        fresh = [one.user_id for one in people if one.user_id not in known]
        hashes = dict.fromkeys(fresh, hash_password(password)) if fresh else {}
        return len(changed) + len(await save_people(conn, people, hashes, actor=COMMAND))


class ImportedUser(BaseModel):
    """A user of the system before: ``password`` as Django kept it, ``organization`` the slug of his company."""

    model_config = ConfigDict(extra="forbid")
    email: Email
    name: Name
    organization: str
    password: str
    org_role: OrgRole = "member"
    language: Language = "en"
    time_zone: TimeZone = "UTC"


async def import_people(conn: Conn, users: Sequence[ImportedUser]) -> list[str]:
    """Create the users who are not there yet, with the passwords they have; what was wrong with the others."""
    companies = await organization_store.ids_of(conn, [one.organization for one in users])
    ids = {one.email: uuid5(NAMESPACE, f"user {one.email.casefold()}") for one in users}
    known = await people_store.with_password(conn, list(ids.values()))
    people: list[UserChanged] = []
    hashes: dict[UUID, str] = {}
    refused: list[str] = []
    for one in users:
        company = companies.get(one.organization)
        if company is None:
            refused.append(f"{one.email}: there is no organisation {one.organization}")
        elif not is_importable(one.password):
            refused.append(f"{one.email}: the password is not a pbkdf2_sha256 hash of Django")
        elif ids[one.email] not in known:
            hashes[ids[one.email]] = one.password
            people.append(
                UserChanged(
                    user_id=ids[one.email],
                    version=1,
                    organization_id=company[0],
                    role=Role(ROLE_OF_KIND[company[1]]),
                    org_role=one.org_role,
                    status=UserStatus.ACTIVE,
                    name=one.name,
                    email=one.email,
                    language=one.language,
                    time_zone=one.time_zone,
                )
            )
    await save_people(conn, people, hashes, actor=COMMAND)
    return refused


async def _import(users: Sequence[ImportedUser]) -> list[str]:
    async with _transaction() as conn:
        return await import_people(conn, users)


@app.command("import-users")
def import_users(
    file: Annotated[Path, typer.Argument(help="JSON list of users", exists=True, dir_okay=False)],
) -> None:
    """Take over users of a Django site with their passwords; each is hashed anew when its owner signs in."""
    users = TypeAdapter(list[ImportedUser]).validate_json(file.read_bytes())
    refused = asyncio.run(_import(users))
    for line in refused:
        typer.echo(line, err=True)
    typer.echo(f"{len(users) - len(refused)} users are there, {len(refused)} refused")
    raise typer.Exit(1 if refused else 0)


@app.command("load-market")
def load_market(
    file: Annotated[Path, typer.Argument(help="JSON with mills and buyers", exists=True, dir_okay=False)],
    password: Annotated[str, typer.Option(envvar="OFFCUT_DEMO_PASSWORD", help="of every user of the market")],
) -> None:
    """Create the organisations and users of a market file."""
    market = Market.model_validate(orjson.loads(file.read_bytes()))
    organizations = [organization_of(one, OrganizationKind.MILL) for one in market.mills]
    organizations += [organization_of(one, OrganizationKind.BUYER) for one in market.buyers]
    people = [user for one in market.mills for user in people_of(one, Role.MILL_USER)]
    people += [user for one in market.buyers for user in people_of(one, Role.BUYER_USER)]
    count = asyncio.run(_save(organizations, people, password))
    typer.echo(f"{len(organizations)} organisations, {len(people)} users; {count} new or changed")


@app.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(help="address to sign in with")],
    name: Annotated[str, typer.Option(help="shown in the history of what was done")] = "Operator",
    password: Annotated[str | None, typer.Option(help="asked for when left out")] = None,
) -> None:
    """Create an administrator of the marketplace."""
    secret = password or getpass.getpass("Password: ")
    if len(secret) < PASSWORD_LENGTH_MIN:
        raise typer.BadParameter(f"a password needs at least {PASSWORD_LENGTH_MIN} characters")
    entry = Entry(id="operator", name="Offcut", country="AT", users=(Member(email=email, name=name),))
    organization = organization_of(entry, OrganizationKind.OPERATOR)
    count = asyncio.run(_save([organization], people_of(entry, Role.ADMIN), secret))
    typer.echo(f"{email} may sign in" if count else f"{email} is there already; nothing changed")


if __name__ == "__main__":
    app()
