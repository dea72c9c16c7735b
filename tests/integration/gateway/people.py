"""Calls to the gateway as one of the people of the market."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import cast
from uuid import uuid4

import aiohttp

from gateway.jobs import send_mails_with
from gateway.settings import GatewaySettings
from shared.db import Database
from tests.integration.gateway.conftest import bearer, signed_in
from tests.support.smtp import Relay

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Json
    headers: dict[str, str]

    @property
    def items(self) -> list[Json]:
        """The elements of a page."""
        return cast("list[Json]", self.body["items"])

    @property
    def etag(self) -> str:
        return self.headers["etag"]


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, client: aiohttp.ClientSession, headers: dict[str, str] | None = None) -> None:
        self._client = client
        self.headers = headers or {}

    async def call(
        self, method: str, path: str, body: object = None, *, etag: str | None = None, key: str | None = None
    ) -> Answer:
        headers = {**self.headers, **({"If-Match": etag} if etag else {}), **({"Idempotency-Key": key} if key else {})}
        async with self._client.request(method, f"/mvp/api{path}", json=body, headers=headers) as response:
            text = await response.read()
            found: Json = await response.json(content_type=None) if text else {}
            return Answer(response.status, found, {name.lower(): value for name, value in response.headers.items()})

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path)

    async def post(self, path: str, body: object) -> Answer:
        return await self.call("POST", path, body, key=str(uuid4()))


async def caller(client: aiohttp.ClientSession, email: str) -> Caller:
    return Caller(client, bearer(await signed_in(client, email)))


async def mailed_links(db: Database, config: GatewaySettings, relay: Relay) -> dict[str, str]:
    """Send what is due; the newest link by recipient, as the mail's text says it."""
    there = config.model_copy(update={"smtp_url": relay.url})
    while await send_mails_with(db, there):
        pass
    links: dict[str, str] = {}
    for mail in relay.accepted:
        message = message_from_bytes(mail.content, policy=policy.default)
        part = message.get_body(("plain",))
        assert part is not None
        found = re.search(r"/mvp/app/\S+", part.get_content())
        assert found is not None
        links[mail.recipients[0]] = found.group()
    return links


def token_in(link: str) -> str:
    return link.rpartition("/")[2]
