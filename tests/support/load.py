"""People at work behind nginx while something is restarted: everything they ask is written down, answered or not."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

PAUSE_SECONDS = 0.01  # leaves the machine room for the processes that start
READ = {
    "mill": ("/items?limit=5", "/batches?limit=5", "/windows?limit=5", "/auth/me"),
    "buyer": (
        "/items?limit=5",
        "/requirements?limit=5",
        "/interests?limit=5",
        "/newsletter/issues?limit=5",
        "/auth/me",
    ),
}


@dataclass
class Ledger:
    """``failures`` says what went wrong in words; ``made`` holds the references of lots that were confirmed."""

    answers: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])
    made: set[str] = field(default_factory=set[str])

    @property
    def total(self) -> int:
        return sum(self.answers.values()) + len(self.failures)


class Load:
    """Reads of every service, lots and issues with a key, changes of one lot with If-Match, sign-ins."""

    def __init__(self, session: aiohttp.ClientSession, bearers: dict[str, str], sign_in: dict[str, str]) -> None:
        self._session = session
        self._bearers = bearers
        self._sign_in = sign_in
        self._running = True
        self.ledger = Ledger()

    def stop(self) -> None:
        self._running = False

    async def ask(
        self, method: str, path: str, *, who: str | None = None, body: dict[str, Any] | None = None, **headers: str
    ) -> tuple[dict[str, Any], str]:
        """The answer's body and version; empty when it failed, which the ledger then holds."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            given["Authorization"] = self._bearers[who]
        try:
            async with self._session.request(method, f"/mvp/api{path}", json=body, headers=given) as answer:
                text = await answer.text()
                if answer.status < 300:
                    self.ledger.answers[f"{method} {path.partition('?')[0]}"] += 1
                    return await answer.json(), answer.headers.get("ETag", "")
                self.ledger.failures.append(f"{method} {path}: {answer.status} {text[:300]}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self.ledger.failures.append(f"{method} {path}: {error!r}")
        return {}, ""

    async def read(self, who: str) -> None:
        while self._running:
            for path in READ[who]:
                await self.ask("GET", path, who=who)
                await asyncio.sleep(PAUSE_SECONDS)

    async def enter(self, lot: dict[str, Any]) -> None:
        """A draft, which concerns nobody else, and a newsletter that is only looked at."""
        while self._running:
            reference = str(uuid4())
            body = {**lot, "lot_ref": reference, "publish": False}
            made, _ = await self.ask("POST", "/items", who="mill", body=body, Idempotency_Key=str(uuid4()))
            if made:
                self.ledger.made.add(reference)
            await self.ask(
                "POST", "/newsletter/issues", who="buyer", body={"dry_run": True}, Idempotency_Key=str(uuid4())
            )
            await asyncio.sleep(PAUSE_SECONDS * 5)

    async def change(self, item_id: str) -> None:
        """A change that was lost or made twice would be refused the next time: its version has moved on."""
        _, version = await self.ask("GET", f"/items/{item_id}", who="mill")
        kg = 1000
        while self._running:
            kg = 1000 + (kg + 1) % 500
            body = {"weight_net_kg": str(kg)}
            _, changed = await self.ask("PATCH", f"/items/{item_id}", who="mill", body=body, If_Match=version)
            version = changed or version
            await asyncio.sleep(PAUSE_SECONDS * 5)

    async def sign_in(self) -> None:
        while self._running:
            await self.ask("POST", "/auth/login", body=self._sign_in)
            await asyncio.sleep(0.7)


@asynccontextmanager
async def under_load(
    session: aiohttp.ClientSession,
    bearers: dict[str, str],
    *,
    sign_in: dict[str, str],
    lot: dict[str, Any],
    item_ids: list[str],
) -> AsyncGenerator[Ledger]:
    """Keep asking until the block ends; then every request under way is waited for."""
    load = Load(session, bearers, sign_in)
    people = [load.read(who) for who in ("mill", "buyer", "mill", "buyer")]
    people += [load.enter(lot), load.sign_in(), *map(load.change, item_ids)]
    tasks = [asyncio.create_task(one) for one in people]
    try:
        yield load.ledger
    finally:
        load.stop()
        await asyncio.gather(*tasks)
