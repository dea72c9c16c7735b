"""How many dead letters each service has, as its worker says it on loopback."""

import asyncio

import aiohttp
import orjson

from gateway.settings import GatewaySettings

TIMEOUT = aiohttp.ClientTimeout(total=5)


async def dead_letters(settings: GatewaySettings) -> dict[str, int]:
    """By service; without those that do not answer, which the health page shows."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        found = await asyncio.gather(
            *(_count(session, settings.upstream_host, port) for port in settings.worker_ports.values())
        )
    return {name: dead for name, dead in zip(settings.worker_ports, found, strict=True) if dead is not None}


async def _count(session: aiohttp.ClientSession, host: str, port: int) -> int | None:
    try:
        async with session.get(f"http://{host}:{port}/internal/health") as answer:
            dead = orjson.loads(await answer.read()).get("dead")
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, AttributeError):
        return None
    return dead if isinstance(dead, int) else None
