"""`bin/bench login`: what signing in costs others, what its time tells, and how soon an ended right has ended.

Two gateways run as processes of their own on one database; the caller is a third.
"""

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from uuid import UUID

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.table import Report, alone, less_is_better, median, percentile
from gateway import accounts
from gateway.passwords import hash_password
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people
from shared.contracts.gateway import OrganizationKind, Role
from tests.support.database import fresh_url, opened
from tests.support.ports import free_port
from tests.support.postgres import throwaway_postgres

PASSWORD = "a sentence nobody would guess"  # noqa: S105 - of accounts that live for a minute
LOGINS_PER_SECOND = 8
SECONDS = 15
PROBE_SECONDS = 0.005
GUESSES = 150
ROUNDS = 5
PEOPLE = 30
KS_1_PERCENT = 1.628  # two samples of n differ, with 99 % certainty, beyond this times the root of 2/n
ENTRIES = (
    accounts.Entry(id="mill", name="Mill", country="DE", users=tuple(
        accounts.Member(email=f"person{n}@mill.example") for n in range(PEOPLE)
    )),
    accounts.Entry(id="operator", name="Operator", country="AT", email="op@operator.example"),
)  # fmt: skip
KINDS = ((OrganizationKind.MILL, Role.MILL_USER), (OrganizationKind.OPERATOR, Role.ADMIN))


def measure(report: Report) -> None:
    with _server(), fresh_url("gateway") as url:
        asyncio.run(_measure(report, url))


def _server() -> AbstractContextManager[object]:
    return nullcontext() if "TEST_DATABASE_URL" in os.environ else _throwaway()


@contextmanager
def _throwaway() -> Generator[None]:
    with throwaway_postgres() as url:
        os.environ["TEST_DATABASE_URL"] = url
        yield
        del os.environ["TEST_DATABASE_URL"]


async def _measure(report: Report, url: str) -> None:
    await _people(url)
    keys = _keys()
    async with _gateway(url, keys) as first, _gateway(url, keys) as second:
        await _lag(report, first)
        await _guesses(report, first)
        await _ends(report, first, second)


async def _people(url: str) -> None:
    hashed = hash_password(PASSWORD)
    pairs = list(zip(ENTRIES, KINDS, strict=True))
    people = [one for entry, (_, role) in pairs for one in accounts.people_of(entry, role)]
    async with opened(url, "gateway") as db, db.transaction() as conn:
        organizations = [accounts.organization_of(entry, kind) for entry, (kind, _) in pairs]
        await save_organizations(conn, organizations, actor=accounts.COMMAND)
        await save_people(conn, people, {one.user_id: hashed for one in people}, actor=accounts.COMMAND)


def _keys() -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    raw = {"PRIVATE": key.private_bytes_raw(), "PUBLIC": key.public_key().public_bytes_raw()}
    return {f"OFFCUT_{name}_KEY": base64.urlsafe_b64encode(one).decode().rstrip("=") for name, one in raw.items()}


@asynccontextmanager
async def _gateway(url: str, keys: dict[str, str]) -> AsyncGenerator[aiohttp.ClientSession]:
    port = free_port()
    environment = {
        **os.environ,
        **keys,
        "OFFCUT_GATEWAY_DATABASE_URL": url,
        "OFFCUT_GATEWAY_PORT": str(port),
        "OFFCUT_GATEWAY_WORKER_PORT": str(free_port()),
        "OFFCUT_GATEWAY_LOGIN_FAILURES_MAX": "1000000",
        "OFFCUT_GATEWAY_ADDRESS_FAILURES_MAX": "1000000",
        "OFFCUT_GATEWAY_RATES_TIMES": "1000000",
        "OFFCUT_REDIS_URL": "redis://127.0.0.1:1",
        "OFFCUT_CURSOR_KEY": "bench",
        "OFFCUT_REFRESH_KEY": "bench",
        "OFFCUT_LOG_LEVEL": "ERROR",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway.main", env=environment)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", cookie_jar=aiohttp.DummyCookieJar()) as session:
            await _until(lambda: _is_ready(session), seconds=20)
            yield session
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/health/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def _until(condition: Callable[[], Awaitable[bool]], *, seconds: float) -> float:
    """How long it took."""
    began = time.perf_counter()
    while not await condition():
        if time.perf_counter() - began > seconds:
            raise TimeoutError(f"not within {seconds} s")
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


async def _lag(report: Report, gateway: aiohttp.ClientSession) -> None:
    """What a cheap request waits while others sign in: the gateway's event loop, seen from outside."""
    report.tell(f"{SECONDS} s without and {SECONDS} s with {LOGINS_PER_SECOND} logins/s")
    await _sign_in(gateway, "person0@mill.example")
    quiet = await _probe(gateway)
    logins = asyncio.create_task(_keep_signing_in(gateway))
    busy = await _probe(gateway)
    took = await logins
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        wait, bare = percentile(busy, share), percentile(quiet, share)
        report.add(
            less_is_better(f"a cheap request at {LOGINS_PER_SECOND} logins/s vs none, {name}", wait, bare, unit="ms")
        )
    report.add(alone("event-loop lag p99: the difference", percentile(busy, 0.99) - percentile(quiet, 0.5), unit="ms"))
    report.add(alone("a login, p50", median(took), unit="ms"), alone("a login, p99", percentile(took, 0.99), unit="ms"))


async def _probe(gateway: aiohttp.ClientSession) -> list[float]:
    found: list[float] = []
    end = time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < end:
        async with gateway.get("/health/live") as answer:
            await answer.read()
        found.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PROBE_SECONDS)
    return found


async def _keep_signing_in(gateway: aiohttp.ClientSession) -> list[float]:
    """At a steady rate, whether or not the one before is answered."""
    running: list[asyncio.Task[float]] = []
    for number in range(LOGINS_PER_SECOND * SECONDS):
        running.append(asyncio.create_task(_timed(gateway, f"person{number % PEOPLE}@mill.example", PASSWORD)))
        await asyncio.sleep(1 / LOGINS_PER_SECOND)
    return [await one for one in running]


async def _timed(gateway: aiohttp.ClientSession, email: str, password: str) -> float:
    began = time.perf_counter()
    async with gateway.post("/mvp/api/auth/login", json={"email": email, "password": password}) as answer:
        await answer.read()
        assert answer.status == (200 if password == PASSWORD else 401)  # noqa: S101 - or the figure means nothing
    return (time.perf_counter() - began) * 1000


async def _guesses(report: Report, gateway: aiohttp.ClientSession) -> None:
    """Wrong passwords of people and of nobody, in turns."""
    report.tell(f"{GUESSES} wrong passwords of people and as many of nobody")
    known: list[float] = []
    unknown: list[float] = []
    for number in range(GUESSES):
        known.append(await _timed(gateway, f"person{number % PEOPLE}@mill.example", "wrong"))
        unknown.append(await _timed(gateway, f"person{number % PEOPLE}@none.example", "wrong"))
    report.add(less_is_better("a refusal, known vs unknown, median", median(known), median(unknown), unit="ms"))
    limit = KS_1_PERCENT * (2 / GUESSES) ** 0.5
    report.add(less_is_better("distance of the two distributions vs what 99 % need to tell", distance(known, unknown),
                              limit, unit="KS"))  # fmt: skip


def distance(some: Sequence[float], others: Sequence[float]) -> float:
    """The largest difference between two distributions (Kolmogorov and Smirnov)."""
    return max(
        abs(sum(one <= limit for one in some) / len(some) - sum(one <= limit for one in others) / len(others))
        for limit in (*some, *others)
    )


async def _sign_in(gateway: aiohttp.ClientSession, email: str) -> dict[str, str]:
    async with gateway.post("/mvp/api/auth/login", json={"email": email, "password": PASSWORD}) as answer:
        return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


async def _ends(report: Report, first: aiohttp.ClientSession, second: aiohttp.ClientSession) -> None:
    """From the answer at one gateway until the other refuses."""
    report.tell("ending sessions, people and a company")
    operator = await _sign_in(first, "op@operator.example")
    mill = accounts.organization_id("mill")
    people = [one.user_id for one in accounts.people_of(ENTRIES[0], Role.MILL_USER)]
    sessions: list[float] = []
    disabled: list[float] = []
    suspended: list[float] = []
    for number in range(ROUNDS):
        person = await _sign_in(first, f"person{number}@mill.example")
        await _change(first, "POST", "/auth/logout", person)
        sessions.append(await _refused(second, "GET", "/auth/me", person))
        person = await _sign_in(first, f"person{number}@mill.example")
        await _set_status(first, operator, f"/users/{people[number]}", "inactive")
        disabled.append(await _refused(second, "GET", "/auth/me", person))
        person = await _sign_in(first, f"person{ROUNDS + number}@mill.example")
        await _set_status(first, operator, f"/organizations/{mill}", "suspended")
        suspended.append(await _refused(second, "POST", f"/organizations/{UUID(int=0)}", person))
        await _set_status(first, operator, f"/organizations/{mill}", "approved")
        await _until(lambda: _is_back(second, ROUNDS + number), seconds=5)  # noqa: B023 - awaited before the next
    for what, found in (("session ended", sessions), ("user disabled", disabled), ("company suspended", suspended)):
        report.add(alone(f"{what}: the other gateway refuses, longest of {ROUNDS}", max(found), unit="s"))


async def _is_back(gateway: aiohttp.ClientSession, number: int) -> bool:
    person = await _sign_in(gateway, f"person{number}@mill.example")
    async with gateway.post(f"/mvp/api/organizations/{UUID(int=0)}", headers=person) as answer:
        return answer.status == 405


async def _refused(gateway: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str]) -> float:
    async def refused() -> bool:
        async with gateway.request(method, f"/mvp/api{path}", headers=headers) as answer:
            return answer.status in (401, 403)

    return await _until(refused, seconds=5)


async def _set_status(gateway: aiohttp.ClientSession, operator: dict[str, str], path: str, status: str) -> None:
    async with gateway.get(f"/mvp/api{path}", headers=operator) as answer:
        tag = answer.headers["ETag"]
    body = {"status": status, "reason": "for the measurement"}
    async with gateway.put(f"/mvp/api{path}/status", json=body, headers={**operator, "If-Match": tag}) as answer:
        answer.raise_for_status()


async def _change(gateway: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str]) -> None:
    async with gateway.request(method, f"/mvp/api{path}", headers=headers) as answer:
        answer.raise_for_status()
