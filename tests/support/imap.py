"""A real mail server for tests: SMTP in, IMAP out, over the same Maildirs that a test may read and fill by hand."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.embedded.place import ROOT
from deploy.embedded.process import HOST, listens
from deploy.mailroom import ACCOUNTS, Mailroom, read
from deploy.secrets_file import write_secrets
from tests.support.ports import free_ports
from tests.support.wait import until_sync


@dataclass(frozen=True, slots=True)
class MailServer:
    mailroom: Mailroom
    smtp_port: int
    imap_port: int
    password: str

    @property
    def smtp_url(self) -> str:
        return f"smtp://{HOST}:{self.smtp_port}"

    def imap_url(self, account: str = "lists") -> str:
        return f"imap://{account}:{self.password}@{HOST}:{self.imap_port}/INBOX"

    def drop(self, content: bytes, *, account: str = "lists") -> str:
        """Put a mail into a mailbox exactly as it is, with whatever Authentication-Results it carries."""
        return self.mailroom.maildir(account).add(content)

    def mails(self, account: str = "outbox") -> list[EmailMessage]:
        """Return the mails of an account in the order of their arrival."""
        room = self.mailroom.maildir(account)
        return [read(room, key) for key in sorted(room.keys(), key=_arrival)]

    def clear(self) -> None:
        for account in ACCOUNTS:
            self.mailroom.maildir(account).clear()


def _arrival(key: str) -> tuple[int, int, int]:
    """Return the order in a Maildir: second, microsecond and count are the parts of a file's name."""
    second, unique, *_ = key.split(".")
    micro, _, rest = unique.removeprefix("M").partition("P")
    return int(second), int(micro), int(rest.partition("Q")[2])


@contextmanager
def throwaway_mail() -> Generator[MailServer]:
    place = Path(tempfile.mkdtemp(prefix="offcut-mail-"))
    smtp_port, imap_port = free_ports(2)
    server = MailServer(Mailroom(place / "mail"), smtp_port, imap_port, secrets.token_hex(8))
    write_secrets(place / "secrets.env", {"OFFCUT_MAIL_PASSWORD": server.password})
    command = [sys.executable, "-m", "deploy.infra_mail"]
    command += ["--smtp-port", str(smtp_port), "--imap-port", str(imap_port)]
    environment = {**os.environ, "OFFCUT_VAR": str(place)}
    running = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        until_sync(lambda: listens(imap_port) or running.poll() is not None, deadline_s=20, what="the mail server")
        assert running.poll() is None, "the mail server ended at once"
        yield server
    finally:
        running.terminate()
        running.wait(10)
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def mail_session() -> Iterator[MailServer]:
    with throwaway_mail() as server:
        yield server


@pytest.fixture
def mail_server(mail_session: MailServer) -> MailServer:
    """The session's mail server with empty mailboxes."""
    mail_session.clear()
    return mail_session
