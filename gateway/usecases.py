"""What the gateway does: sign in, stay signed in, sign out, keep organisations and people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway import tokens
from gateway.domain import Account, RefreshUse, judge_refresh, pause_after
from gateway.errors import LoginPaused, TokenRevoked, WrongCredentials
from gateway.passwords import verified
from gateway.settings import GatewaySettings
from gateway.store import identity
from shared import outbox
from shared.contracts.base import ActorRef
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.db import Conn, Database, clock, notify

REVOKED = "revoked"  # NOTIFY channel


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets: a short access token and the refresh token that follows it."""

    account: Account
    access_token: str
    refresh_token: str
    expires_in_seconds: int


async def sign_in(db: Database, *, email: str, password: str, address: str, settings: GatewaySettings) -> SignedIn:
    """Open a session. Three short transactions, because hashing must not hold one.

    Raises ``WrongCredentials`` or ``LoginPaused``; failures are counted per account and address, so nobody can lock
    another person out.
    """
    key = f"{email.casefold()} {address}"
    async with db.transaction() as conn:
        now = await clock(conn)
        known = await identity.failures(conn, key)
        if known and known.blocked_until and known.blocked_until > now:
            raise LoginPaused(max(1, round((known.blocked_until - now).total_seconds())))
        account = await identity.account_by_email(conn, email)
    fits = await verified(account.password_hash if account else None, password, threads=settings.password_threads)
    if account is None or not fits or not account.may_sign_in:
        async with db.transaction() as conn:
            await _count_failure(conn, key, settings)
        raise WrongCredentials
    async with db.transaction() as conn:
        await identity.forget_failures(conn, key)
        return await open_session(conn, account=account, settings=settings, now=await clock(conn))


async def _count_failure(conn: Conn, key: str, settings: GatewaySettings) -> None:
    now = await clock(conn)
    known = await identity.failures(conn, key)
    recent = known is not None and now - known.last_at < timedelta(minutes=15)
    failures = (known.failures if known and recent else 0) + 1
    pause = pause_after(failures, allowed=settings.login_failures_max, first_seconds=settings.login_pause_seconds)
    blocked_until = now + pause if pause else None
    await identity.save_failure(conn, key=key, failures=failures, now=now, blocked_until=blocked_until)


async def open_session(conn: Conn, *, account: Account, settings: GatewaySettings, now: datetime) -> SignedIn:
    """A new session with its first pair of tokens."""
    session_id = uuid7()
    refresh = tokens.new_refresh_token()
    await identity.open_session(
        conn,
        session_id=session_id,
        person_id=account.id,
        now=now,
        expires_at=now + timedelta(days=settings.refresh_token_days),
        token_hash=tokens.hash_of(refresh),
    )
    return _signed_in(account, session_id=session_id, refresh=refresh, settings=settings, now=now)


def _signed_in(
    account: Account, *, session_id: UUID, refresh: str, settings: GatewaySettings, now: datetime
) -> SignedIn:
    access = tokens.access_token(account, session_id=session_id, settings=settings, now=now)
    return SignedIn(account, access, refresh, settings.access_token_seconds)


async def refresh(conn: Conn, *, token: str, settings: GatewaySettings, now: datetime) -> SignedIn | None:
    """Rotate a refresh token. ``None``: it was stolen, and its session is revoked now; the caller answers 401."""
    stored = await identity.refresh_for_update(conn, tokens.hash_of(token))
    use = judge_refresh(stored, now=now, grace_seconds=settings.refresh_grace_seconds)
    if stored is None or use == RefreshUse.ENDED:
        raise TokenRevoked
    if use == RefreshUse.STOLEN:
        await end_sessions(conn, session_id=stored.session_id, person_id=None, reason="refresh token re-used", now=now)
        return None
    account = await identity.account(conn, stored.person_id)
    if account is None or not account.may_sign_in:
        raise TokenRevoked
    following = tokens.successor(token, refresh_key=settings.refresh_key)
    if use == RefreshUse.ROTATE:
        await identity.rotate(
            conn,
            old_hash=tokens.hash_of(token),
            new_hash=tokens.hash_of(following),
            session_id=stored.session_id,
            now=now,
        )
    return _signed_in(account, session_id=stored.session_id, refresh=following, settings=settings, now=now)


async def end_sessions(
    conn: Conn, *, session_id: UUID | None, person_id: UUID | None, reason: str, now: datetime
) -> None:
    """Revoke one session, or every session of a person; all gateway processes refuse it within 2 s."""
    if await identity.revoke_sessions(conn, session_id=session_id, person_id=person_id, reason=reason, now=now):
        await notify(conn, REVOKED)


async def save_organizations(
    conn: Conn, organizations: Sequence[OrganizationChanged], *, actor: ActorRef
) -> dict[UUID, int]:
    """Create or change organisations; what changed is published as a full snapshot."""
    versions = await identity.save_organizations(conn, organizations)
    changed = [
        one.model_copy(update={"version": versions[one.organization_id]})
        for one in organizations
        if one.organization_id in versions
    ]
    await outbox.add(conn, *changed, actor=actor)
    await notify(conn, REVOKED)
    return versions


async def save_people(
    conn: Conn, people: Sequence[UserChanged], hashes: Sequence[str | None], *, actor: ActorRef
) -> dict[UUID, int]:
    """Create or change people; what changed is published as a full snapshot."""
    versions = await identity.save_people(conn, people, hashes)
    changed = [one.model_copy(update={"version": versions[one.user_id]}) for one in people if one.user_id in versions]
    await outbox.add(conn, *changed, actor=actor)
    await notify(conn, REVOKED)
    return versions
