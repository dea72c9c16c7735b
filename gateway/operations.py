"""For operators: how every part is, and events that a service gave up on; the workers answer on loopback."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from gateway.proxy import Proxy
from gateway.schemas.operations import DeadLetter, DeadLetters, Health, ServiceHealth, ServiceName, StreamHealth
from gateway.store import replays
from gateway.store.replays import Replay
from gateway.usecases import audit
from shared.auth import AdminActor, actor_of, public
from shared.consumer.operations import LETTERS
from shared.contracts.base import stream_of
from shared.db import Database, clock
from shared.idempotency import Keyed
from shared.keyset import Found, Mark, Question
from shared.listing import Asked, listed
from shared.problems import BadRequest, Invalid, NotAuthenticated, NotFound, Unavailable
from shared.service import DescribedRoute

LOG = logging.getLogger(__name__)
JSON = dict[str, Any]  # the border: what a worker says

# No transaction of its own: the network is asked, and never inside one.
platform = APIRouter(tags=["Platform"], route_class=DescribedRoute)


@platform.get("/health", dependencies=[public], summary="Is it up; for the operator, everything about every service")
async def get_health(request: Request) -> Health:
    try:
        is_admin = actor_of(request).is_admin
    except NotAuthenticated:
        is_admin = False
    proxy: Proxy = request.app.state.proxy
    upstreams: dict[str, object] = request.app.state.settings.upstream_ports
    apis = dict(zip(upstreams, await asyncio.gather(*(_api(proxy, name) for name in upstreams)), strict=True))
    status = "ok" if set(apis.values()) == {"ok"} else "degraded"
    if not is_admin:
        return Health(status=status)
    names: dict[str, int] = request.app.state.settings.worker_ports
    answers = await asyncio.gather(*(_worker(proxy, name) for name in names))
    workers = dict(zip(names, answers, strict=True))
    heads = {stream_of(name): int(one["head"]["seq"]) for name, one in workers.items() if one and "head" in one}
    services = [_service(name, apis.get(name, "ok"), one, heads) for name, one in workers.items()]
    if any(one.worker != "ok" for one in services):
        status = "degraded"
    return Health(status=status, services=services)


async def _api(proxy: Proxy, service: str) -> str:
    try:
        status, _ = await proxy.call(service, "GET", "/health/ready")
    except Unavailable:
        return "down"
    return "ok" if status == 200 else "not_ready"


async def _worker(proxy: Proxy, service: str) -> JSON | None:
    try:
        _, body = await proxy.ask_worker(service, "GET", "/internal/health")
        return cast(JSON, orjson.loads(body))
    except (Unavailable, orjson.JSONDecodeError):
        return None


def _service(name: str, api: str, told: JSON | None, heads: dict[str, int]) -> ServiceHealth:
    if told is None:
        return ServiceHealth(service=name, api=api, worker="down", troubles=["the worker does not answer"])
    if "head" not in told:  # its database is away
        return ServiceHealth(service=name, api=api, worker=told["status"], database="away", troubles=told["troubles"])
    return ServiceHealth(
        service=name,
        api=api,
        worker=told["status"],
        database="ok",
        redis=told["redis"],
        version=told["version"],
        started_at=told["started_at"],
        outbox_waiting=told["outbox_waiting"],
        outbox_oldest_seconds=told["outbox_oldest_s"],
        parked=told["parked"],
        dead=told["dead"],
        oldest_due=told["oldest_due"],
        streams=[
            StreamHealth(
                stream=one["stream"],
                applied=one["applied_seq"],
                lag=max(heads[one["stream"]] - one["applied_seq"], 0) if one["stream"] in heads else None,
                stopped=one["stopped"],
            )
            for one in told["subscriptions"]
        ],
        troubles=told["troubles"],
    )


@platform.get("/dead-letters", response_model=DeadLetters, summary="Events that a service gave up on, latest first")
async def list_dead_letters(
    request: Request,
    actor: AdminActor,
    asked: Annotated[Asked, listed(LETTERS)],
    service: Annotated[ServiceName | None, Query(description="only of this service")] = None,
) -> DeadLetters | Response:
    LOG.info("dead letters read", extra={"user_id": str(actor.user_id), "of": service})
    names = [service] if service else list(request.app.state.settings.worker_ports)
    unreachable: list[str] = []

    async def merged(question: Question) -> Found[DeadLetter]:
        query = _letters_query(request, question)
        found = await asyncio.gather(*(_ask(request, name, "GET", f"/internal/dead-letters?{query}") for name in names))
        unreachable[:] = [name for name, answer in zip(names, found, strict=True) if answer is None]
        told = [(name, answer[1]) for name, answer in zip(names, found, strict=True) if answer is not None]
        letters = [DeadLetter(service=name, **one) for name, page in told for one in page["items"]]
        letters.sort(key=_time_and_id, reverse=question.sort[0].descending != question.backwards)
        rows: list[tuple[Mark, DeadLetter]] = [
            ((when.isoformat(), str(letter.id)), letter) for letter in letters for when, _ in [_time_and_id(letter)]
        ]
        total = sum(page["total"] for _, page in told) if question.count else None
        return question.page(rows[: question.limit + 1], total=total)

    page = await asked.answer_from(merged, lambda letter: letter)
    return page if isinstance(page, Response) else DeadLetters(**dict(page), unreachable=unreachable)


def _letters_query(request: Request, question: Question) -> str:
    """The same question for a service's worker."""
    filters = [pair for pair in request.query_params.multi_items() if pair[0] not in ("service", "limit", "cursor")]
    if question.start is not None:
        filters.append(("start", orjson.dumps(question.start).decode()))
    flags = [(name, "1") for name, on in (("backwards", question.backwards), ("count", question.count)) if on]
    return urlencode([*filters, *flags, ("limit", str(question.limit + 1))])


def _time_and_id(letter: DeadLetter) -> tuple[datetime, UUID]:
    return letter.died_at or datetime.max.replace(tzinfo=UTC), letter.id


@platform.post(
    "/dead-letters/{dead_letter_id}/replays",
    status_code=202,
    summary="Hand the event back to the service that gave it up, and to no other",
)
async def replay_dead_letter(
    dead_letter_id: UUID, request: Request, response: Response, actor: AdminActor, key: Keyed
) -> DeadLetter:
    if not 16 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise BadRequest("Idempotency-Key takes 16 to 128 visible ASCII characters; a UUID is a good one.")
    db: Database = request.app.state.db
    scope = f"{actor.user_id} {key}"
    async with db.transaction() as conn:
        known = await replays.find(conn, scope)
    if known is not None and known.dead_letter_id != dead_letter_id:
        raise Invalid("This Idempotency-Key was used for another event; take a new one.", slug="idempotency_key_reused")
    if known is not None and known.done_at is not None:
        response.headers["Idempotency-Replayed"] = "true"
        return DeadLetter(id=dead_letter_id, service=known.service, type=known.type)
    if known is None:
        letter = await _find(request, dead_letter_id)
        known = Replay(dead_letter_id, letter.service, letter.type or "", actor.user_id, None)
        async with db.transaction() as conn:
            await replays.begin(conn, scope, known)
            await audit.note(
                conn,
                "dead_letter.replayed",
                entity=("dead_letter", dead_letter_id),
                by=actor.ref(),
                facts={"service": known.service, "type": known.type},
                now=await clock(conn),
            )
    answer = await _ask(request, known.service, "POST", f"/internal/dead-letters/{dead_letter_id}/replays")
    if answer is None:
        raise Unavailable(f"The {known.service} worker does not answer; send the same request again.")
    async with db.transaction() as conn:
        await replays.end(conn, scope)
    LOG.warning(
        "dead letter replayed",
        extra={"dead_letter_id": str(dead_letter_id), "of": known.service, "user_id": str(actor.user_id)},
    )
    return DeadLetter(id=dead_letter_id, service=known.service, type=known.type)


async def _find(request: Request, letter_id: UUID) -> DeadLetter:
    names = list(request.app.state.settings.worker_ports)
    found = await asyncio.gather(*(_ask(request, name, "GET", f"/internal/dead-letters/{letter_id}") for name in names))
    for name, answer in zip(names, found, strict=True):
        if answer is not None and answer[0] == 200:
            return DeadLetter(service=name, **answer[1])
    if None in found:
        raise Unavailable("The event is in none of the services that answer; some do not. Ask again shortly.")
    raise NotFound("There is no such dead letter; it was replayed or dropped.")


async def _ask(request: Request, service: str, method: str, path: str) -> tuple[int, JSON] | None:
    """What a worker answers to the administrator's own token; ``None`` when it does not answer."""
    proxy: Proxy = request.app.state.proxy
    headers = {"Authorization": request.headers["authorization"]}
    try:
        status, body = await proxy.ask_worker(service, method, path, headers=headers)
        return (status, cast(JSON, orjson.loads(body))) if status in (200, 202, 404) else None
    except (Unavailable, orjson.JSONDecodeError):
        return None
