"""`infra-mail`: SMTP in, IMAP out, and pages to look at what was sent. `python -m deploy.infra_mail --help`."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncGenerator

import uvicorn
from aiosmtpd.smtp import SMTP
from pymap.backend.maildir import MaildirBackend
from pymap.imap import IMAPService
from pymap.main import run as run_imap

from deploy.embedded.process import HOST
from deploy.layout import Layout
from deploy.mail_viewer import create_viewer
from deploy.mailroom import AUTHSERV_ID, MESSAGE_BYTES_MAX, Mailroom, SmtpDoor


@contextlib.asynccontextmanager
async def smtp(mailroom: Mailroom, port: int) -> AsyncGenerator[None]:
    door = SmtpDoor(mailroom)

    def answer() -> SMTP:
        return SMTP(door, data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True, hostname=AUTHSERV_ID, ident="Offcut")

    async with await asyncio.get_running_loop().create_server(answer, HOST, port):
        yield


@contextlib.asynccontextmanager
async def pages(mailroom: Mailroom, port: int) -> AsyncGenerator[None]:
    server = uvicorn.Server(uvicorn.Config(create_viewer(mailroom), host=HOST, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    # Signals are uvicorn's until pymap takes them over, so pymap may only begin once uvicorn has started.
    while not server.started and not serving.done():  # noqa: ASYNC110 – uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def imap(mailroom: Mailroom, port: int) -> None:
    """Serve the Maildirs until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser()
    MaildirBackend.add_subparser("maildir", parser.add_subparsers())
    IMAPService.add_arguments(parser)
    options = ["--host", HOST, "--port", str(port), "--no-tls", "maildir", str(mailroom.directory)]
    arguments = parser.parse_args(
        options, argparse.Namespace(debug=False, set_uid=None, set_gid=None, passlib_cfg=None)
    )
    await run_imap(arguments, MaildirBackend, [IMAPService])


async def serve(mailroom: Mailroom, *, smtp_port: int, imap_port: int, pages_port: int | None) -> None:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(smtp(mailroom, smtp_port))
        if pages_port is not None:
            await stack.enter_async_context(pages(mailroom, pages_port))
        await imap(mailroom, imap_port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--imap-port", type=int, required=True)
    parser.add_argument("--pages-port", type=int, help="show the outgoing mail on this port")
    asked = parser.parse_args()
    layout = Layout.of_environment()
    mailroom = Mailroom(layout.mail)
    mailroom.open(layout.secrets()["OFFCUT_MAIL_PASSWORD"])
    asyncio.run(serve(mailroom, smtp_port=asked.smtp_port, imap_port=asked.imap_port, pages_port=asked.pages_port))


if __name__ == "__main__":
    main()
