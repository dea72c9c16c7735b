"""The gateway's app: decides for each request whether a service or the gateway itself answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import api, pages
from gateway import headers as rules
from gateway.documents import assets, documents
from gateway.errors import TokenRevoked
from gateway.proxy import Proxy
from gateway.revocations import Revocations
from gateway.routes import PREFIX, Ambiguous, target_of
from gateway.settings import GatewaySettings, settings
from shared.auth import Actor, actor_of, public
from shared.problems import AppError, BadRequest, NotAuthenticated, Unavailable, problem
from shared.serve import serve
from shared.service import Traced, create_app, router

health = router("Platform")


@health.get("/health", dependencies=[public], summary="Is it up; for the operator, which part is not")
async def get_health(request: Request) -> JSONResponse:
    try:
        is_admin = actor_of(request).is_admin
    except NotAuthenticated:
        is_admin = False
    proxy: Proxy = request.app.state.proxy
    services: dict[str, str] = {}
    for service in request.app.state.settings.upstream_ports:
        try:
            status, _ = await proxy.call(service, "GET", "/health/ready", patient=False)
            services[service] = "ok" if status == 200 else "not ready"
        except Unavailable:
            services[service] = "down"
    answer: dict[str, object] = {"status": "ok" if set(services.values()) == {"ok"} else "degraded"}
    if is_admin:
        answer["services"] = services
    return JSONResponse(answer)


class Door:
    """Pure ASGI in front of everything: one place where a request is let in, refused, or sent on."""

    def __init__(
        self, own: FastAPI, proxy: Proxy, revocations: Revocations, *, trusted_proxies: tuple[str, ...] = ()
    ) -> None:
        self._own: ASGIApp = own
        self._app = own
        self._proxy = proxy
        self._revocations = revocations
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        scope["app"] = self._app
        try:
            rules.check(scope["headers"], http_version=scope["http_version"])
            self._look_behind_proxy(scope)
            _without_trailing_slash(scope)
            target = target_of(scope["path"], scope["raw_path"], scope["query_string"])
            request = Request(scope)
            if "authorization" in request.headers:
                self._admit(actor_of(request))
            elif target is not None and not target.is_public:
                raise NotAuthenticated("Send a Bearer access token in the Authorization header.")
        except Ambiguous:
            error = BadRequest(
                "The path could be read in two ways; send it without encoded or double slashes and dots."
            )
            await problem(None, error)(scope, receive, send)
            return
        except AppError as error:
            await problem(Request(scope), error)(scope, receive, send)
            return
        if target is None:
            await self._own(scope, receive, send)
        else:
            await self._proxy.forward(target, scope, receive, send)

    def _look_behind_proxy(self, scope: Scope) -> None:
        """Throttles and logs see who asks, not the proxy in front."""
        client: tuple[str, int] | None = scope.get("client")
        if self._trusted and client is not None:
            address = rules.client_behind(scope["headers"], peer=client[0], trusted=self._trusted)
            scope["client"] = (address, client[1] if address == client[0] else 0)

    def _admit(self, actor: Actor) -> None:
        if self._revocations.ended(actor.session_id):
            raise TokenRevoked


def _without_trailing_slash(scope: Scope) -> None:
    """One trailing slash of an API path is treated as absent, without a redirect that would lose a body."""
    path: str = scope["path"]
    if path.startswith(PREFIX) and path.endswith("/") and path not in (PREFIX, f"{PREFIX}docs/"):
        scope["path"] = path[:-1]
        scope["raw_path"] = scope["raw_path"].removesuffix(b"/")


def own_app(config: GatewaySettings) -> FastAPI:
    """What the gateway answers itself."""
    own = create_app(
        config,
        title="Offcut gateway",
        routers=[api.auth, api.organizations, health],
        description="Sign-in, organisations, and the way to the services.",
        traced=False,
    )
    own.state.proxy = Proxy(config)
    own.state.revocations = Revocations(own.state.db, kept_seconds=config.access_token_seconds)
    own.state.documents = {}
    own.state.grade_names = {}
    own.include_router(documents)
    own.include_router(pages.pages)
    own.mount("/mvp/api/docs/assets", assets())
    return own


def build(config: GatewaySettings) -> ASGIApp:
    """The whole gateway as one ASGI app: its own answers, and the way to the services."""
    own = own_app(config)
    proxy: Proxy = own.state.proxy
    revocations: Revocations = own.state.revocations
    inner = own.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with inner(app):
            await proxy.open()
            await revocations.start()
            yield
            await revocations.stop()
            await proxy.close()

    own.router.lifespan_context = lifespan
    return Traced(Door(own, proxy, revocations, trusted_proxies=config.trusted_proxies))


def main() -> None:
    serve(build(settings()), settings())


if __name__ == "__main__":
    main()
