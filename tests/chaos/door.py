"""The API of the rig: takes intents with a key, and publishes an event for each in the request's transaction."""

import os
import signal
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import outbox
from shared.auth import public
from shared.config import ServiceSettings
from shared.contracts.base import Event
from shared.idempotency import Keyed
from shared.service import Transaction, create_app, router

BEFORE_ANSWER = "after_commit_before_answer"  # worst for an API: it is done, and nobody was told
PATH = "/mvp/api/intents"

armed = False
intents = router("intents")


class Intents(BaseModel):
    """Numbers of the ledger."""

    model_config = ConfigDict(extra="forbid")
    numbers: Annotated[list[Annotated[int, Field(ge=1, lt=1 << 31)]], Field(min_length=1, max_length=100)]


class DiesBeforeItAnswers:
    """Pure ASGI, outside of everything: what passes here is committed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_die(message: Message) -> None:
            if armed and message["type"] == "http.response.start" and message["status"] == 201:
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        await self._app(scope, receive, send_or_die)


def build(settings: ServiceSettings, event_of: Callable[[int], Event]) -> FastAPI:
    """The app; ``event_of`` says what is published for a number."""

    @intents.post("/intents", status_code=201, dependencies=[public])
    async def post(body: Intents, conn: Transaction, _: Keyed) -> int:  # pyright: ignore[reportUnusedFunction] – the decorator keeps it
        await outbox.add(conn, *[event_of(number) for number in body.numbers])
        return len(body.numbers)

    app = create_app(settings, title="Rig", routers=[intents])
    app.add_middleware(DiesBeforeItAnswers)
    return app
