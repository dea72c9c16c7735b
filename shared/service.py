"""The app every service starts from: request id, one transaction per request, stored answers, problems, health."""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Annotated, Any, ClassVar, Self, cast

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.params import Form
from psycopg.errors import DeadlockDetected, ExclusionViolation, UniqueViolation
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import caching, idempotency, log, metrics, problems, trace
from shared.auth import READING, public
from shared.bodies import Bounded, strict_json
from shared.config import ServiceSettings
from shared.contracts.base import ActorRef
from shared.db import Conn, Database
from shared.listing import described
from shared.openapi import DescribedApp, operation_id
from shared.planned import Answer, Plannable, Planned
from shared.problems import TooLarge, UnsupportedMedia

LOG = logging.getLogger("access")
BY_HTTP = ActorRef(via="http")
LOST_RACES = (UniqueViolation, ExclusionViolation, DeadlockDetected)
BODY_BYTES_MAX = 1 << 20  # JSON bodies; uploads have their own limit


class StrictRequest(Request):
    """A request whose JSON cannot hold what a database or another parser would choke on."""

    async def json(self) -> Any:
        body = await self.body()
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge(f"A JSON body may have at most {BODY_BYTES_MAX} bytes; send it in parts.")
        return strict_json(body)

    def must_be_json(self) -> None:
        """Refuse a body that says it is something else; ``application/merge-patch+json`` is JSON too."""
        if self.headers.get("content-length", "0") == "0" and "transfer-encoding" not in self.headers:
            return
        kind = self.headers.get("content-type", "nothing").partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise UnsupportedMedia(f"The body is sent as {kind[:100]}; send it as application/json.")


class DescribedRoute(Plannable):
    """A route that explains its own filters and files when it is a list."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        besides = described(self.dependant)
        if besides is not None:
            self.openapi_extra = {**(self.openapi_extra or {}), **besides}


class TransactionRoute(DescribedRoute):
    """Opens the request's transaction when it is first asked for, and commits it before the answer is sent.

    With an ``Idempotency-Key`` a 2xx answer is stored in the same transaction and given again to a repeated request.
    """

    tried_again: ClassVar[bool] = False
    takes_keys: ClassVar[bool] = True

    def get_route_handler(self) -> Answer:  # type: ignore[override] – FastAPI declares a Coroutine
        return self._owning(super().get_route_handler())

    def planned(self) -> Answer | None:
        plan = super().planned()
        return None if plan is None else self._owning(plan)

    def _owning(self, original: Answer) -> Answer:
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, Form)

        async def answer(strict: StrictRequest) -> Response:
            reads = strict.method in READING
            async with _Transaction(cast(Database, strict.app.state.db), reads=reads) as transaction:
                strict.state.transaction = transaction
                key = strict.headers.get(idempotency.HEADER)
                if key is None or not self.takes_keys or reads:
                    return await original(strict)
                return await idempotency.answered_once(strict, key, conn=transaction.conn, answer=original)

        async def handle(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if takes_json:
                strict.must_be_json()
            if not self.tried_again:
                return await answer(strict)
            try:
                return await answer(strict)
            except LOST_RACES:
                return await answer(strict)  # rolled back; the second look sees who was first

        return handle


class RacingRoute(TransactionRoute):
    """For routes where many want the same thing: a request that loses a race in the database is tried once more.

    Only for bodies that are read whole (JSON), because the second try reads the body again.
    """

    tried_again = True


class KeylessRoute(TransactionRoute):
    """For routes whose answer holds a secret, which must not be stored, or whose work must not hold a transaction."""

    takes_keys = False


class _Transaction:
    def __init__(self, db: Database, *, reads: bool) -> None:
        self._begin = db.reading if reads else db.transaction
        self._lent: AbstractAsyncContextManager[Conn] | None = None
        self._conn: Conn | None = None

    @property
    def is_open(self) -> bool:
        return self._conn is not None

    async def conn(self) -> Conn:
        if self._conn is None:
            lent = self._begin()
            self._conn = await lent.__aenter__()
            self._lent = lent
        return self._conn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lent is not None:
            await self._lent.__aexit__(kind, error, traceback)


async def _open(request: Request) -> Conn:
    return await request.state.transaction.conn()


Transaction = Annotated[Conn, Depends(_open)]
"""The request's connection, inside its transaction."""


class Traced:
    """Pure ASGI: takes or makes the request id, opens the trace, says what caches may keep, writes one access line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = traceparent = known = ""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value.decode("latin-1")
            elif name == b"traceparent":
                traceparent = value.decode("latin-1")[:64]
            elif name == b"if-none-match" and scope["method"] in ("GET", "HEAD"):
                known = value.decode("latin-1")
        accepted = given if 8 <= len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum() else None
        chain = trace.started(BY_HTTP, correlation_id=accepted, traceparent=traceparent or None)
        status = 0
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = caching.told(message.get("headers", []))
                if known and status == 200 and caching.is_known(known, said):
                    status = message["status"] = 304
                    said = caching.without_body(said)
                message["headers"] = [*said, (b"x-request-id", chain.correlation_id.encode())]
            elif status == 304:
                message["body"] = b""
            await send(message)

        with trace.tracing(chain):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                took = round((time.perf_counter() - started) * 1000, 1)
                level = logging.DEBUG if scope["path"].startswith(("/health", "/metrics")) else logging.INFO
                path, method = scope["path"], scope["method"]
                log.tell(LOG, level, "request", method=method, path=path, status=status, took_ms=took)


def create_app(
    settings: ServiceSettings,
    *,
    title: str,
    routers: Sequence[APIRouter],
    description: str = "",
    traced: bool = True,
    body_bytes_max: int = BODY_BYTES_MAX,
) -> FastAPI:
    """The app of one service; ``routers`` must be made by ``router()`` so that each request is one transaction.

    ``traced=False`` is for an app inside another that has opened the trace already. ``body_bytes_max`` bounds every
    request; JSON bodies have ``BODY_BYTES_MAX`` besides.
    """
    db = Database(
        settings.database_url,
        service=settings.service,
        process="api",
        size_max=settings.api_pool_size_max,
        wait_seconds=settings.pool_wait_seconds,
        generic_plans=settings.api_generic_plans,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await db.open()
        yield
        await db.close()

    app = DescribedApp(
        title=title,
        description=description,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/internal/openapi.json",
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # we have our own, shared/trace.py
    )
    app.state.settings = settings
    app.state.db = db
    problems.install(app)
    app.include_router(_health(db))
    app.state.contract = tuple(routers)  # for the page that lists all endpoints
    for one in routers:
        app.include_router(one, prefix="/mvp/api")
    app.add_middleware(Planned, own=app, routers=routers, prefix="/mvp/api")
    app.add_middleware(Bounded, body_bytes_max=body_bytes_max)
    if traced:
        app.add_middleware(Traced)
    return app


def router(*tags: str, racing: bool = False, keyless: bool = False) -> APIRouter:
    """A router whose routes own their transaction; ``racing``: and try once more after a lost race.

    ``keyless``: an ``Idempotency-Key`` is not looked at.
    """
    kind = RacingRoute if racing else KeylessRoute if keyless else TransactionRoute
    return APIRouter(route_class=kind, tags=list(tags))


def _health(db: Database) -> APIRouter:
    health = APIRouter(include_in_schema=False, dependencies=[public])

    @health.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @health.get("/health/ready")
    async def ready() -> dict[str, str]:
        async with db.transaction() as conn:
            await conn.execute("SELECT 1")
        return {"status": "ok"}

    @health.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return health
