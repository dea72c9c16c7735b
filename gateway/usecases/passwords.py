"""Changing a password that is known, and setting one that was forgotten."""

from datetime import datetime
from uuid import UUID

from gateway import tokens
from gateway.domain import weakness
from gateway.errors import FieldRefused, LinkGone, TokenRevoked, WrongCredentials
from gateway.passwords import hashed
from gateway.settings import GatewaySettings
from gateway.store import identity, mails, people
from gateway.turns import TURNS
from gateway.usecases import audit
from gateway.usecases.mails import RESET
from gateway.usecases.sessions import end_sessions, proven
from gateway.usecases.throttle import keys_of, refuse_paused
from shared.auth import Actor
from shared.db import Conn, Database, clock
from shared.problems import NotFound


async def change_password(
    db: Database, *, actor: Actor, current: str, new: str, address: str, settings: GatewaySettings
) -> None:
    """Set a new password and end all other sessions. A wrong present one counts like a failed sign-in."""
    async with db.transaction() as conn:
        account = await identity.account(conn, actor.user_id)
    if account is None:
        raise TokenRevoked
    keys = keys_of(account.email, address)
    async with TURNS.turn(keys[0]):
        async with db.transaction() as conn:
            await refuse_paused(conn, keys)
        problem = weakness(new, email=account.email)
        if problem is not None:
            raise FieldRefused("new_password", problem)
        try:
            await proven(db, account, password=current, keys=keys, address=address, settings=settings)
        except WrongCredentials:
            raise FieldRefused("current_password", "is not your present password") from None
        password_hash = await hashed(new, threads=settings.password_threads)
        async with db.transaction() as conn:
            await people.set_password(conn, person_id=account.id, password_hash=password_hash)
            await identity.forget_failures(conn, keys[0])
            now = await clock(conn)
            await _end_others(conn, account.id, actor=actor, now=now)
            await audit.note(
                conn,
                "password.changed",
                entity=("user", account.id),
                by=actor.ref(),
                readers=[account.organization_id],
                now=now,
            )


async def _end_others(conn: Conn, person_id: UUID, *, actor: Actor | None, now: datetime) -> None:
    await mails.use_links(conn, person_id=person_id, purposes=[RESET])
    but = actor.session_id if actor else None
    await end_sessions(conn, session_id=None, person_id=person_id, reason="password changed", now=now, but=but)


async def reset_password(
    conn: Conn, token: str, *, password: str, address: str, settings: GatewaySettings, now: datetime
) -> None:
    """Set a password by the link of a mail, once; ends every session. Raises ``NotFound`` or ``LinkGone``."""
    link = await mails.link_locked(conn, token_hash=tokens.hash_of(token), purpose=RESET)
    if link is None:
        raise NotFound("There is no such link; look whether it was copied whole.")
    account = await identity.account(conn, link.person_id)
    if link.is_used or link.is_expired or account is None or account.status != "active":
        raise LinkGone
    problem = weakness(password, email=account.email)
    if problem is not None:
        raise FieldRefused("password", problem)
    password_hash = await hashed(password, threads=settings.password_threads)
    await people.set_password(conn, person_id=account.id, password_hash=password_hash)
    await _end_others(conn, account.id, actor=None, now=now)
    await audit.note(
        conn,
        "password.reset",
        entity=("user", account.id),
        by=audit.of_account(account),
        readers=[account.organization_id],
        address=address,
        now=now,
    )
