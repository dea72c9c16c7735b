"""The mailbox of a real mail server, with everything that breaks between it and us: each list is one batch."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from deploy.embedded.place import ROOT
from services.ingestion.collecting import Listener, collect
from services.ingestion.store.mailboxes import Mailbox, list_mailboxes
from shared.contracts.ingestion import BatchStatusChanged
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.integration.ingestion.post import mail
from tests.support.cutting import wire_to
from tests.support.dovecot import Dovecot, running_dovecot
from tests.support.tokens import bearer
from tests.support.wait import until

pytestmark = pytest.mark.dovecot

MAILS = 4
ROWS_OF_A_LONG_LIST = 60


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running_dovecot() as one:
        yield one


@dataclass(slots=True)
class Office:
    """A market whose mailbox is ``account`` on a Dovecot."""

    market: Market
    server: Dovecot
    account: str

    async def poll(self, *, port: int | None = None) -> int:
        self.market.settings = self.market.settings.model_copy(update={"imap_url": SecretStr(self.url(port))})
        return await collect(self.market.db, self.market.settings)

    def url(self, port: int | None = None) -> str:
        return self.server.url(self.account, port=port)

    async def read(self) -> Counter[str]:
        """Read mails and lists; how many batches there are of each state."""
        await self.market.read_mails()
        await self.market.read_lists()
        last: dict[str, str] = {}
        for event in await self.market.events(BatchStatusChanged):
            last[str(event.batch_id)] = event.status
        return Counter(last.values())

    async def outcomes(self) -> Counter[str]:
        async with self.market.client() as client:
            page = await client.get("/inbound-messages?limit=200", headers=bearer("admin", self.market.operator))
        return Counter(f"{one['status']} {one['reason'] or ''}".strip() for one in page.json()["items"])

    async def mailboxes(self) -> list[Mailbox]:
        async with self.market.db.transaction() as conn:
            return await list_mailboxes(conn)


@pytest_asyncio.fixture(loop_scope="session")
async def office(market: Market, server: Dovecot) -> AsyncIterator[Office]:
    account = f"lists-{uuid4().hex[:8]}"
    server.open(account)
    yield Office(market, server, account)


def post(office: Office, count: int = MAILS) -> None:
    for n in range(1, count + 1):
        content = csv_list(*usual_list(ROWS_OF_A_LONG_LIST + n))
        office.server.drop(mail(content, message_id=f"<{n}@saarmuehle.example>"), account=office.account)


async def test_mailbox_of_a_real_server_when_polled_twice_then_each_list_is_one_batch(office: Office) -> None:
    post(office)
    assert await office.poll() == MAILS
    assert await office.poll() == 0
    assert (await office.read()).total() == MAILS
    assert await office.outcomes() == {"batch": MAILS}


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.95])
async def test_connection_when_cut_at_any_byte_then_the_next_poll_goes_on_without_a_copy(
    office: Office, share: float
) -> None:
    post(office)
    async with wire_to(office.server.imap_port) as wire:
        await office.poll(port=wire.port)
        whole = wire.passed  # this was the measure, and leaves nothing to read
    await office.market.execute("UPDATE mailbox SET last_uid = 0")
    await office.market.execute("DELETE FROM inbound_message")
    async with wire_to(office.server.imap_port) as wire:
        wire.cut_after = int(whole * share)
        stored = await office.poll(port=wire.port)
        assert wire.cuts == 1
        assert stored < MAILS or share > 0.9
        assert (await office.mailboxes())[0].last_error
        assert stored + await office.poll(port=wire.port) == MAILS
    assert (await office.mailboxes())[0].last_error is None
    assert (await office.read()).total() == MAILS
    assert await office.outcomes() == {"batch": MAILS}


async def test_reader_when_killed_at_any_byte_then_each_list_is_one_batch(office: Office) -> None:
    post(office)
    killed = 0
    async with wire_to(office.server.imap_port) as wire:
        for hold_after in (600, 2_000, 5_000, 9_000):
            wire.held.clear()
            wire.passed, wire.hold_after = 0, hold_after
            arguments = (office.market.settings.database_url, office.url(wire.port))
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.integration.ingestion.collector", *arguments, cwd=ROOT, env=os.environ
            )
            waiting = [asyncio.create_task(wire.held.wait()), asyncio.create_task(child.wait())]
            await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if child.returncode is None:
                child.send_signal(signal.SIGKILL)
                killed += 1
            for task in waiting:
                task.cancel()
            await child.wait()
    assert killed >= 2, "no reader was killed with a mail in hand"
    await office.poll()
    assert (await office.read()).total() == MAILS
    assert await office.outcomes() == {"batch": MAILS}


async def test_server_that_falls_silent_when_polled_then_the_poll_ends_and_says_so(office: Office) -> None:
    post(office, 1)
    office.market.settings = office.market.settings.model_copy(update={"imap_call_seconds": 0.5})
    async with wire_to(office.server.imap_port) as wire:
        wire.hold_after = 400
        async with asyncio.timeout(5):
            assert await office.poll(port=wire.port) == 0
    assert "no answer" in ((await office.mailboxes())[0].last_error or "")
    assert await office.poll() == 1


async def test_server_when_it_counts_anew_then_mails_are_known_again(office: Office) -> None:
    post(office)
    await office.poll()
    await office.read()
    before = (await office.mailboxes())[0].uidvalidity
    office.server.renumber(office.account)
    assert await office.poll() == MAILS
    assert (await office.mailboxes())[0].uidvalidity != before
    assert (await office.read()).total() == MAILS
    assert await office.outcomes() == {"batch": MAILS, "duplicate duplicate_message": MAILS}


async def test_same_mail_when_delivered_twice_then_is_one_batch(office: Office) -> None:
    post(office, 1)
    post(office, 1)
    assert await office.poll() == 2
    assert (await office.read()).total() == 1
    assert await office.outcomes() == {"batch": 1, "duplicate duplicate_message": 1}


async def test_server_that_refuses_to_mark_when_polled_then_the_mail_is_taken_all_the_same(office: Office) -> None:
    post(office, 1)
    office.server.forbid_flags(office.account)
    assert await office.poll() == 1
    assert (await office.mailboxes())[0].last_error is None
    assert await office.poll() == 0


async def test_mailboxes_when_there_are_several_then_one_that_fails_stops_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(office.server.certificate))
    other = f"{office.account}-2"
    office.server.open(other)
    post(office, 1)
    office.server.drop(mail(csv_list(*usual_list(7)), message_id="<other@saarmuehle.example>"), account=other)
    async with office.market.client() as client:
        for name, account, password in (
            ("broken", "lists", "wrong"),
            ("second", other, office.server.password),
        ):
            body = {
                "name": name, "host": "127.0.0.1", "port": office.server.imaps_port, "tls": True,
                "username": account, "password": password,
            }  # fmt: skip
            headers = bearer("admin", office.market.operator) | {"Idempotency-Key": str(uuid4())}
            assert (await client.post("/mailboxes", json=body, headers=headers)).status_code == 201
    assert await office.poll() == 2, await office.mailboxes()
    errors = {one.name: one.last_error for one in await office.mailboxes()}
    assert errors["second"] is None
    assert "login was refused" in (errors["broken"] or "")
    assert (await office.read()).total() == 2


async def test_listener_of_a_real_server_when_a_mail_arrives_then_hears_of_it(office: Office) -> None:
    await office.poll()
    listener = Listener()
    market = office.market
    try:
        assert not await listener.listen(market.db, market.settings)
        post(office, 1)
        assert await until(lambda: listener.listen(market.db, market.settings), deadline_s=10, what="the push")
    finally:
        await listener.close()
    assert await office.poll() == 1


async def test_mailbox_when_tried_out_then_says_what_is_there_and_keeps_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(office.server.certificate))
    post(office, 2)
    body = {
        "name": "try", "host": "127.0.0.1", "port": office.server.imaps_port, "username": office.account,
        "password": office.server.password,
    }  # fmt: skip
    async with office.market.client() as client:
        admin = bearer("admin", office.market.operator)
        good = await client.post("/mailboxes/tests", json=body, headers=admin)
        bad = await client.post("/mailboxes/tests", json=body | {"password": "wrong"}, headers=admin)
        mill = await client.post("/mailboxes/tests", json=body, headers=bearer("mill_user", office.market.trusted))
    assert good.json() == {"ok": True, "error": None, "messages": 2, "pushes": True}
    assert bad.json()["error"] == "login was refused by the mail server"
    assert mill.status_code == 403
    assert await office.mailboxes() == []
