"""The gateway's app: decides for each request whether a service or the gateway itself answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway import api, operations, pages, reference
from gateway.documents import assets, documents
from gateway.door import Door
from gateway.ear import Ear
from gateway.live import Feed
from gateway.origins import Origins
from gateway.problem_pages import problem_pages
from gateway.proxy import Proxy
from gateway.revocations import Revocations
from gateway.settings import GatewaySettings, settings
from shared.serve import serve
from shared.service import Traced, create_app


class Gateway(Traced):
    """The whole gateway; when it is about to end, its live clients go on with another one."""

    def __init__(self, app: ASGIApp, feed: Feed) -> None:
        super().__init__(app)
        self._feed = feed

    def end_answers(self) -> None:
        self._feed.end_all()


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
    own.state.ear = Ear(own.state.db)
    own.state.revocations = Revocations(own.state.db, own.state.ear, kept_seconds=config.access_token_seconds)
    own.state.feed = Feed(own.state.db, own.state.ear, own.state.revocations, config)
    own.state.origins = Origins(own.state.db)
    own.state.documents = {}
    own.state.grade_names = {}
    own.include_router(documents)
    own.include_router(reference.reference)
    own.include_router(problem_pages)
    own.include_router(pages.pages)
    own.mount("/mvp/api/docs/assets", assets())
    return own


def build(config: GatewaySettings) -> ASGIApp:
    """The whole gateway as one ASGI app: its own answers, and the way to the services."""
    own = own_app(config)
    proxy: Proxy = own.state.proxy
    revocations: Revocations = own.state.revocations
    ear: Ear = own.state.ear
    feed: Feed = own.state.feed
    origins: Origins = own.state.origins
    inner = own.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with inner(app):
            await proxy.open()
            await revocations.start()
            await feed.start()
            await origins.start()
            await ear.start()
            yield
            await ear.stop()
            await origins.stop()
            await feed.stop()
            await revocations.stop()
            await proxy.close()

    own.router.lifespan_context = lifespan
    return Gateway(Door(own, proxy, revocations, origins, own.state.db, config), feed)


def main() -> None:
    serve(build(settings()), settings())


if __name__ == "__main__":
    main()
