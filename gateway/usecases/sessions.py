"""Sign in, stay signed in, sign out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway import tokens
from gateway.domain import Account, RefreshUse, judge_refresh
from gateway.errors import TokenRevoked, WrongCredentials
from gateway.passwords import hashed, verified
from gateway.settings import GatewaySettings
from gateway.store import identity, people
from gateway.turns import TURNS
from gateway.usecases import audit
from gateway.usecases.throttle import count_failure, keys_of, refuse_paused
from shared.auth import Actor
from shared.contracts.base import ActorRef
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
    """Open a session. Raises ``WrongCredentials`` or ``LoginPaused``."""
    keys = keys_of(email, address)
    async with TURNS.turn(keys[0]):
        async with db.transaction() as conn:
            await refuse_paused(conn, keys)
            found = await identity.account_by_email(conn, email)
        account = await proven(db, found, password=password, keys=keys, address=address, settings=settings)
        async with db.transaction() as conn:
            # He may have been shut out, or have changed his password, while we were hashing.
            current = await identity.account_held(conn, account.id)
            if current is None or not current.may_sign_in or current.password_hash != account.password_hash:
                raise WrongCredentials
            await identity.forget_failures(conn, keys[0])
            now = await clock(conn)
            signed_in = await open_session(conn, account=current, settings=settings, now=now)
            await audit.note(
                conn,
                "session.opened",
                entity=("user", current.id),
                by=audit.of_account(current),
                readers=[current.organization_id],
                address=address,
                now=now,
            )
            return signed_in


async def proven(
    db: Database,
    account: Account | None,
    *,
    password: str,
    keys: tuple[str, str],
    address: str,
    settings: GatewaySettings,
) -> Account:
    """The account, if the password fits; hashing holds no transaction. Raises ``WrongCredentials`` and counts it.

    A password that was hashed in an older way is hashed anew on this occasion.
    """
    threads = settings.password_threads
    async with db.transaction() as conn:
        imported = await identity.imported_iterations(conn)
    stored = account.password_hash if account else None
    verdict = await verified(stored, password, threads=threads, imported_iterations=imported)
    if account is None or not verdict.fits or not account.may_sign_in:
        async with db.transaction() as conn:
            paused = await count_failure(conn, keys, settings)
            # The same statement whether or not there is such an account, and nothing of what was typed.
            await audit.note(
                conn,
                "sign_in.failed",
                entity=("user", account.id if account else None),
                by=ActorRef(via="http"),
                readers=[account.organization_id] if account else [],
                address=address,
                facts={"paused": paused},
                now=await clock(conn),
            )
        raise WrongCredentials
    if not verdict.is_outdated:
        return account
    renewed = await hashed(password, threads=threads)
    async with db.transaction() as conn:
        await people.set_password(conn, person_id=account.id, password_hash=renewed)
    return replace(account, password_hash=renewed)


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
    seconds = settings.access_token_seconds
    access = tokens.access_token(account, session_id=session_id, settings=settings, now=now, seconds=seconds)
    return SignedIn(account, access, refresh, seconds)


async def refresh(conn: Conn, *, token: str, address: str, settings: GatewaySettings, now: datetime) -> SignedIn | None:
    """Rotate a refresh token. ``None``: it was stolen, and its session is revoked now; the caller answers 401."""
    stored = await identity.refresh_for_update(conn, tokens.hash_of(token))
    use = judge_refresh(stored, now=now, grace_seconds=settings.refresh_grace_seconds)
    if stored is None or use == RefreshUse.ENDED:
        raise TokenRevoked
    if use == RefreshUse.STOLEN:
        await end_sessions(conn, session_id=stored.session_id, person_id=None, reason="refresh token re-used", now=now)
        account = await identity.account(conn, stored.person_id)
        await audit.note(
            conn,
            "refresh_token.reused",
            entity=("user", stored.person_id),
            by=ActorRef(via="http"),
            readers=[account.organization_id] if account else [],
            address=address,
            now=now,
        )
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
    conn: Conn,
    *,
    session_id: UUID | None,
    person_id: UUID | None,
    reason: str,
    now: datetime,
    but: UUID | None = None,
) -> None:
    """Revoke one session, or every session of a person except ``but``; all gateways refuse them within 2 s."""
    if await identity.revoke_sessions(
        conn, session_id=session_id, person_id=person_id, reason=reason, now=now, but=but
    ):
        await notify(conn, REVOKED)


async def sign_out(conn: Conn, *, actor: Actor, everywhere: bool, now: datetime) -> None:
    """End this session, or all of the person."""
    session_id = None if everywhere else actor.session_id
    await end_sessions(conn, session_id=session_id, person_id=actor.user_id, reason="signed out", now=now)
    await audit.note(
        conn,
        "session.closed",
        entity=("user", actor.user_id),
        by=actor.ref(),
        readers=[actor.organization_id],
        facts={"all": everywhere},
        now=now,
    )
