"""API tokens: make, list, revoke, and exchange for a short access token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from gateway import tokens
from gateway.errors import FieldRefused
from gateway.routes import SEGMENTS
from gateway.settings import GatewaySettings
from gateway.store import api_tokens as store
from gateway.store import identity
from gateway.store.api_tokens import ApiToken
from gateway.usecases import audit
from gateway.usecases.sessions import REVOKED
from shared.auth import Actor
from shared.db import Conn, notify
from shared.instants import written
from shared.problems import Conflict, NotAllowed, NotFound

PREFIX_LENGTH = 12
# Who signs in, who may, and what tokens there are stays with people.
READABLE = ("organizations", "users", "notifications", "events", "audit-entries", "dashboard")
SCOPES = frozenset(
    [f"{segment}:{verb}" for segment in SEGMENTS for verb in ("read", "write")] + [f"{one}:read" for one in READABLE]
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A token to be made; no networks mean any address."""

    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the door puts in the place of an API token, good for ``seconds`` and from these networks."""

    access_token: str
    networks: list[str]
    seconds: int


def only_owners(actor: Actor) -> None:
    """Raise ``NotAllowed`` for members."""
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the organisation or the operator handles its API tokens.")


async def make(
    conn: Conn, wish: Wish, *, actor: Actor, settings: GatewaySettings, now: datetime
) -> tuple[ApiToken, str]:
    """A new token of the actor's organisation, and its secret, which is not kept."""
    only_owners(actor)
    unknown = sorted(set(wish.scopes) - SCOPES)
    if unknown:
        raise FieldRefused("scopes", f"holds {unknown[0]}; known are {', '.join(sorted(SCOPES))}")
    if await store.live_count(conn, actor.organization_id) >= settings.api_tokens_per_organization_max:
        raise Conflict("Your organisation has as many API tokens as it may have; revoke one first.")
    secret = tokens.new_api_token(settings=settings)
    made = ApiToken(
        id=uuid7(),
        organization_id=actor.organization_id,
        person_id=actor.user_id,
        name=wish.name,
        prefix=secret[:PREFIX_LENGTH],
        scopes=sorted(set(wish.scopes)),
        networks=list(wish.networks),
        created_at=now,
        expires_at=now + timedelta(days=wish.days),
        last_used_at=None,
        revoked_at=None,
    )
    await store.add(conn, made, token_hash=tokens.hash_of(secret))
    scopes: list[JsonValue] = [*made.scopes]
    await audit.note(
        conn,
        "api_token.made",
        entity=("api_token", made.id),
        by=actor.ref(),
        readers=[made.organization_id],
        facts={"name": made.name, "scopes": scopes, "expires_at": written(made.expires_at)},
        now=now,
    )
    return made, secret


async def revoke(conn: Conn, token_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End a token; every gateway process refuses it within 2 s."""
    only_owners(actor)
    own = None if actor.is_admin else actor.organization_id
    owner = await store.in_force(conn, token_id, organization_id=own)
    if owner is None:
        raise NotFound("There is no such API token, or you may not see it; check the id.")
    await store.revoke(conn, token_id)
    await audit.note(
        conn,
        "api_token.revoked",
        entity=("api_token", token_id),
        by=actor.ref(),
        readers=[owner],
        now=now,
    )
    await notify(conn, REVOKED)


async def exchange(conn: Conn, token_hash: bytes, *, settings: GatewaySettings, now: datetime) -> Exchanged | None:
    """A short access token for an API token; ``None`` when it is not, or no longer, in force."""
    token = await store.used(conn, token_hash)
    if token is None:
        return None
    account = await identity.account(conn, token.person_id)
    if account is None or not account.may_sign_in or account.organization_id != token.organization_id:
        return None
    seconds = min(settings.api_token_seconds, max(1, int((token.expires_at - now).total_seconds())))
    access = tokens.access_token(
        account, session_id=token.id, settings=settings, now=now, seconds=seconds, scopes=token.scopes
    )
    return Exchanged(access, token.networks, seconds)
