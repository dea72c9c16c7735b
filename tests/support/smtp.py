"""A relay that records what it is given and refuses what a test tells it to refuse."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Accepted:
    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class Relay:
    """`refusals` maps a recipient to the answer he gets at RCPT, such as `550 5.1.1 no such user`.

    `answer_to_data` replaces the 250 after the content; with `drop_after_data` the relay accepts the content and
    closes the connection instead of answering, the moment in which a sender cannot know.
    """

    port: int = 0
    accepted: list[Accepted] = field(default_factory=list[Accepted])
    refusals: dict[str, str] = field(default_factory=dict[str, str])
    answer_to_data: str = "250 2.0.0 accepted"
    drop_after_data: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusal := self.refusals.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        if self.answer_to_data.startswith("2"):
            self.accepted.append(Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        if self.drop_after_data and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return self.answer_to_data


@asynccontextmanager
async def recording_relay() -> AsyncGenerator[Relay]:
    """Run a relay in this event loop on a free port."""
    relay = Relay()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(relay, data_size_limit=35 * 1024 * 1024, enable_SMTPUTF8=True, hostname="relay.example"),
        "127.0.0.1",
        0,
    )
    relay.port = server.sockets[0].getsockname()[1]
    async with server:
        yield relay
