"""The gateway's app: decides for each request whether a service or the gateway itself answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway import api, operations, pages
from gateway.documents import assets, documents
from gateway.door import Door
from gateway.problem_pages import problem_pages
from gateway.proxy import Proxy
from gateway.revocations import Revocations
from gateway.settings import GatewaySettings, settings
from shared.serve import serve
from shared.service import Traced, create_app


def own_app(config: GatewaySettings) -> FastAPI:
    """What the gateway answers itself."""
    own = create_app(
        config,
        title="Offcut gateway",
        routers=[*api.ROUTERS, operations.platform],
        description="Sign-in, users, organisations, API tokens, and the way to the services.",
        traced=False,
    )
    own.state.proxy = Proxy(config)
    own.state.revocations = Revocations(own.state.db, kept_seconds=config.access_token_seconds)
    own.state.documents = {}
    own.state.grade_names = {}
    own.include_router(documents)
    own.include_router(problem_pages)
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
    return Traced(Door(own, proxy, revocations, own.state.db, config))


def main() -> None:
    serve(build(settings()), settings())


if __name__ == "__main__":
    main()
