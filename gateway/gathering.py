"""What every service holds about a person, asked on loopback with a token of our own."""

import asyncio
from uuid import UUID

import aiohttp
import orjson

from gateway.settings import GatewaySettings
from gateway.store import privacy as store
from gateway.tokens import operator_token
from gateway.usecases import privacy
from shared.db import Database, clock

TIMEOUT = aiohttp.ClientTimeout(total=10)
OWN = "gateway"


async def gather_next(db: Database, settings: GatewaySettings) -> int:
    """Put the archive together that is due first; the number of archives, 0 or 1. Who is silent is asked again."""
    async with db.transaction() as conn:
        claim = await store.claim(conn, lease_seconds=settings.archive_lease_seconds)
        now = await clock(conn)
    if claim is None:
        return 0
    answers = await _ask_all(settings, claim.person_id, token=operator_token(settings=settings, now=now))
    missing = ", ".join(name for name, body in answers.items() if body is None)
    async with db.transaction() as conn:
        if not missing:
            told = {name: body for name, body in answers.items() if body is not None}
            await privacy.put_together(conn, claim, told, days=settings.archive_days)
        elif claim.attempts >= settings.archive_attempts_max:
            await privacy.give_up(conn, claim, missing=missing)
    return 1


async def _ask_all(settings: GatewaySettings, person_id: UUID, *, token: str) -> dict[str, bytes | None]:
    ports = {name: port for name, port in settings.worker_ports.items() if name != OWN}
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=TIMEOUT, headers=headers) as session:
        urls = [f"http://{settings.upstream_host}:{port}/internal/people/{person_id}" for port in ports.values()]
        return dict(zip(ports, await asyncio.gather(*(_ask(session, url) for url in urls)), strict=True))


async def _ask(session: aiohttp.ClientSession, url: str) -> bytes | None:
    try:
        async with session.get(url) as answer:
            body = await answer.read()
            orjson.loads(body)
            return body if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError):
        return None
