"""Pure ASGI in front of everything: one place where a request is let in, refused, or sent on."""

import asyncio
import time
from collections import OrderedDict

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import headers as rules
from gateway import tokens
from gateway.domain import is_inside
from gateway.errors import OrganizationSuspended, RightsChanged
from gateway.origins import Origins
from gateway.proxy import Proxy
from gateway.rates import Rates, Standing
from gateway.revocations import Revocations
from gateway.routes import PREFIX, Ambiguous, Target, target_of
from gateway.settings import GatewaySettings
from gateway.usecases import api_tokens
from shared import trace
from shared.auth import READING, actor_of
from shared.db import Database, clock
from shared.problems import AppError, BadRequest, NotAllowed, NotAuthenticated, problem

LINKS_OF_MAILS = (f"{PREFIX}newsletter/t/", f"{PREFIX}newsletter/unsubscribe/")
# What somebody may always do for himself: sign out, change his password, put a notification away.
OWN_SESSION = (f"{PREFIX}auth/", f"{PREFIX}notifications/")
EXCHANGED_MAX = 10_000


class Door:
    """Decides on the token once, for the services and for the gateway itself."""

    def __init__(
        self,
        own: FastAPI,
        proxy: Proxy,
        revocations: Revocations,
        origins: Origins,
        db: Database,
        settings: GatewaySettings,
    ) -> None:
        self._own: ASGIApp = own
        self._app = own
        self._proxy = proxy
        self._revocations = revocations
        self._origins = origins
        self._exchange = Exchange(db, settings)
        self._trusted = settings.trusted_proxies
        self._rates = Rates(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        scope["app"] = self._app
        send = _with_standing(scope, send)
        try:
            target, authorization = await self._let_in(scope)
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
            await self._proxy.forward(target, scope, receive, send, authorization=authorization)

    async def _let_in(self, scope: Scope) -> tuple[Target | None, str | None]:
        """Where the request goes, and the header that replaces an API token; raises why it goes nowhere."""
        authorization: str | None = None
        scope["actor"] = None
        try:
            rules.check(scope["headers"], http_version=scope["http_version"])
            self._look_behind_proxy(scope)
            _without_trailing_slash(scope)
            target = target_of(scope["path"], scope["raw_path"], scope["query_string"])
            if any(name == b"authorization" for name, _ in scope["headers"]):
                authorization = await self._admit(scope)
            elif target is not None and not target.is_public:
                raise NotAuthenticated("Send a Bearer access token in the Authorization header.")
        except (AppError, Ambiguous):
            self._count(scope)
            raise
        self._count(scope)
        return target, authorization

    def _count(self, scope: Scope) -> None:
        """What is refused counts too; then only the address is known."""
        address: str = scope["client"][0] if scope.get("client") else ""
        standing, allowed = self._rates.take(address, scope["actor"], of_mail=scope["path"].startswith(LINKS_OF_MAILS))
        scope["standing"] = standing
        if not allowed:
            raise standing.refusal()

    def _look_behind_proxy(self, scope: Scope) -> None:
        """Throttles and logs see who asks, not the proxy in front."""
        client: tuple[str, int] | None = scope.get("client")
        if self._trusted and client is not None:
            address = rules.client_behind(scope["headers"], peer=client[0], trusted=self._trusted)
            scope["client"] = (address, client[1] if address == client[0] else 0)

    async def _admit(self, scope: Scope) -> str | None:
        """Refuse who may not come in; the header that replaces an API token, ``None`` for a person's own."""
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        if len(given) > 1:
            raise BadRequest("Send one Authorization header.")
        scheme, _, token = given[0].partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token.startswith(tokens.API_TOKEN):
            self._check(scope)
            return None
        address: str = scope["client"][0] if scope.get("client") else ""
        others = [one for one in scope["headers"] if one[0] != b"authorization"]
        replaced = f"Bearer {await self._exchange.access_token(token, address)}"
        scope["headers"] = [*others, (b"authorization", replaced.encode())]
        try:
            self._check(scope)
        except RightsChanged:
            self._exchange.forget(token)
            replaced = f"Bearer {await self._exchange.access_token(token, address)}"
            scope["headers"] = [*others, (b"authorization", replaced.encode())]
            self._check(scope)
        return replaced

    def _check(self, scope: Scope) -> None:
        actor = actor_of(Request(scope))
        self._revocations.check(actor)
        if scope["method"] not in READING:
            address: str = scope["client"][0] if scope.get("client") else ""
            self._origins.note(trace.current().correlation_id, actor.user_id, address)
        if actor.suspended and scope["method"] not in READING and not scope["path"].startswith(OWN_SESSION):
            raise OrganizationSuspended
        scope["actor"] = actor


class Exchange:
    """Short access tokens for API tokens, remembered for most of their life (bounded)."""

    def __init__(self, db: Database, settings: GatewaySettings) -> None:
        self._db = db
        self._settings = settings
        self._known: OrderedDict[bytes, tuple[float, api_tokens.Exchanged]] = OrderedDict()
        self._turn = asyncio.Lock()  # a program with a hundred connections asks the database once

    async def access_token(self, secret: str, address: str) -> str:
        """Raises ``NotAuthenticated`` for a token that is not in force, ``NotAllowed`` from a wrong address."""
        if not tokens.is_api_token(secret, settings=self._settings):
            raise NotAuthenticated("This is not an API token of ours; look whether it was copied whole.")
        digest = tokens.hash_of(secret)
        found = self._remembered(digest)
        if found is None:
            async with self._turn:
                found = self._remembered(digest) or await self._exchanged(digest)
        if not is_inside(address, found.networks):
            raise NotAllowed("This API token is not taken from your address; use one of its networks.")
        return found.access_token

    def forget(self, secret: str) -> None:
        self._known.pop(tokens.hash_of(secret), None)

    def _remembered(self, digest: bytes) -> api_tokens.Exchanged | None:
        until, found = self._known.get(digest, (0.0, None))
        return found if until > time.monotonic() else None

    async def _exchanged(self, digest: bytes) -> api_tokens.Exchanged:
        async with self._db.transaction() as conn:
            found = await api_tokens.exchange(conn, digest, settings=self._settings, now=await clock(conn))
        if found is None:
            raise NotAuthenticated("This API token is not in force; make a new one.", slug="token_revoked")
        self._known[digest] = (time.monotonic() + found.seconds * 0.8, found)
        while len(self._known) > EXCHANGED_MAX:
            self._known.popitem(last=False)
        return found


def _with_standing(scope: Scope, send: Send) -> Send:
    """Every answer says how much its receiver may still ask."""

    async def send_with_standing(message: Message) -> None:
        standing: Standing | None = scope.get("standing")
        if message["type"] == "http.response.start" and standing is not None:
            message["headers"] = [*message.get("headers", ()), *standing.headers()]
        await send(message)

    return send_with_standing


def _without_trailing_slash(scope: Scope) -> None:
    """One trailing slash of an API path is treated as absent, without a redirect that would lose a body."""
    path: str = scope["path"]
    if path.startswith(PREFIX) and path.endswith("/") and path not in (PREFIX, f"{PREFIX}docs/"):
        scope["path"] = path[:-1]
        scope["raw_path"] = scope["raw_path"].removesuffix(b"/")
