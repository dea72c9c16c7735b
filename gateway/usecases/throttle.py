"""Pauses after too many attempts, per address and per account from one address: nobody can lock another person out."""

from collections.abc import Sequence

from gateway.domain import network_of, pause_after
from gateway.errors import LoginPaused
from gateway.settings import GatewaySettings
from gateway.store import identity
from shared.db import Conn, clock


def keys_of(email: str, address: str) -> tuple[str, str]:
    """What failed sign-ins are counted by: the account from this address, and the address."""
    network = network_of(address)
    return f"{email.casefold()} {network}", f"login {network}"


async def refuse_paused(conn: Conn, keys: Sequence[str]) -> None:
    """Raise ``LoginPaused`` while a pause is on."""
    until = await identity.blocked_until(conn, keys)
    if until is not None:
        raise LoginPaused(max(1, round((until - await clock(conn)).total_seconds())))


async def count_failure(conn: Conn, keys: tuple[str, str], settings: GatewaySettings) -> bool:
    """One more failed sign-in, and whether that begins a pause; it doubles with each further one."""
    account, address = keys
    paused = False
    for key, allowed in ((account, settings.login_failures_max), (address, settings.address_failures_max)):
        failures = await identity.count_attempt(conn, key, window_seconds=settings.attempts_window_seconds)
        pause = pause_after(failures, allowed=allowed, first_seconds=settings.login_pause_seconds)
        if pause is not None:
            await identity.block(conn, key, seconds=pause.total_seconds())
            paused = True
    return paused


async def take_turn(conn: Conn, *, what: str, address: str, allowed: int, settings: GatewaySettings) -> None:
    """Count a public request of an address; raises ``LoginPaused`` when it had its share of the time window."""
    key = f"{what} {network_of(address)}"
    await refuse_paused(conn, [key])
    taken = await identity.count_attempt(conn, key, window_seconds=settings.attempts_window_seconds)
    if taken >= allowed:
        await identity.block(conn, key, seconds=settings.attempts_window_seconds)
