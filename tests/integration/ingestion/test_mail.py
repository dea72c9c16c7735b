"""Mails over real IMAP: taken once, judged by what our own mail server says, and never lost."""

import asyncio
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.ingestion.collecting import Listener, collect
from services.ingestion.store.mailboxes import list_mailboxes
from services.ingestion.usecases.mailboxes import account_of_url, keep_default
from shared.contracts.gateway import OrganizationStatus
from shared.contracts.ingestion import BatchStatusChanged, RowsAccepted
from shared.db import Database, fetch_all
from tests.integration.ingestion.market import csv_list, usual_list
from tests.integration.ingestion.post import LIST, SENDER, Post, mail
from tests.support.wait import until


async def test_mail_of_a_trusted_mill_when_it_arrives_then_becomes_a_committed_list(post: Post) -> None:
    await post.arrive(mail(LIST))
    (message,) = await post.messages()
    assert (message["status"], message["reason"], message["sender"]) == ("batch", None, SENDER)
    assert UUID(str(message["id"])).version == 7
    assert "message_id" not in message
    (batch_id,) = cast(list[str], message["batch_ids"])
    await post.market.answer(await post.market.events(RowsAccepted))
    batch = await post.market.batch(batch_id)
    assert (batch["status"], batch["source"], batch["file_name"]) == ("committed", "mail", "list 1.csv")
    told = await post.market.events(BatchStatusChanged)
    assert {event.reply_to for event in told} == {SENDER}
    assert told[-1].counts.applied == 20


async def test_chain_of_causes_when_a_mail_is_read_then_is_one_from_the_mail_on(post: Post) -> None:
    await post.arrive(mail(LIST))

    @dataclass(frozen=True, slots=True)
    class Stored:
        correlation_id: str
        meta: str

    async with post.market.db.transaction() as conn:
        stored = await fetch_all(conn, Stored, "SELECT correlation_id, meta FROM outbox", {})
        (chain,) = await fetch_all(conn, Stored, "SELECT correlation_id, '' AS meta FROM inbound_message", {})
    assert {one.correlation_id for one in stored} == {chain.correlation_id}
    assert all('"mail"' in one.meta for one in stored)


async def test_mailbox_when_polled_again_then_nothing_is_taken_twice(post: Post) -> None:
    await post.arrive(mail(LIST))
    assert await collect(post.market.db, post.market.settings) == 0
    # As if these numbers were of another life of the folder: the server has renumbered.
    await post.market.execute("UPDATE mailbox SET uidvalidity = 1")
    await post.market.execute("UPDATE inbound_message SET uidvalidity = 1")
    await post.arrive()
    assert await post.outcomes() == [("batch", None), ("duplicate", "duplicate_message")]
    assert len(await post.market.events(RowsAccepted)) == 1


async def test_mail_with_two_lists_when_read_then_is_two_batches(post: Post) -> None:
    await post.arrive(mail(LIST, csv_list(*usual_list(7))))
    (message,) = await post.messages()
    assert len(cast(list[str], message["batch_ids"])) == 2


async def test_same_list_in_another_mail_when_read_then_is_a_duplicate_batch(post: Post) -> None:
    await post.arrive(mail(LIST), mail(LIST, message_id="<2@saarmuehle.example>"))
    statuses = [event.status for event in await post.market.events(BatchStatusChanged)]
    assert "duplicate" in statuses
    assert len(await post.market.events(RowsAccepted)) == 1


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        pytest.param(mail(LIST, Auto_Submitted="auto-replied"), ("ignored", "auto_reply"), id="auto-reply"),
        pytest.param(mail(LIST, Precedence="bulk"), ("ignored", "bulk"), id="bulk"),
        pytest.param(mail(LIST, Return_Path="<>"), ("ignored", "bounce"), id="bounce"),
        pytest.param(mail(LIST, X_Offcut_Loop="1"), ("ignored", "own_loop"), id="loop"),
        pytest.param(mail(LIST, sender="x@nobody.example"), ("quarantined", "unknown_sender"), id="unknown"),
        pytest.param(mail(LIST, authentication=None), ("quarantined", "dmarc_fail"), id="nothing-verified"),
        pytest.param(
            mail(LIST, authentication="mx.evil.example; dmarc=pass header.from=saarmuehle.example"),
            ("quarantined", "dmarc_fail"),
            id="verified-by-somebody-else",
        ),
        pytest.param(
            mail(LIST, authentication="mx.offcut.example; dmarc=fail (x; dmarc=pass) header.from=saarmuehle.example"),
            ("quarantined", "dmarc_fail"),
            id="pass-in-a-comment",
        ),
        pytest.param(
            mail(LIST, authentication="mx.offcut.example; dmarc=pass header.from=other.example"),
            ("quarantined", "dmarc_fail"),
            id="pass-of-another-domain",
        ),
        pytest.param(mail(), ("quarantined", "no_list"), id="no-attachment"),
        pytest.param(mail(b"\x89PNG\r\n\x1a\n" + bytes(50)), ("quarantined", "no_list"), id="only-a-picture"),
        pytest.param(
            mail(LIST, sender=f"{SENDER}, other@saarmuehle.example"),
            ("quarantined", "several_senders"),
            id="two-senders",
        ),
    ],
)  # fmt: skip
async def test_mail_that_must_not_be_listed_when_read_then_is_kept_with_the_reason(
    post: Post, raw: bytes, outcome: tuple[str, str]
) -> None:
    await post.arrive(raw)
    (message,) = await post.messages()
    assert (message["status"], message["reason"]) == outcome
    assert message["detail"]
    assert await post.market.events(BatchStatusChanged) == []


async def test_forged_copy_when_it_comes_first_then_does_not_keep_the_real_mail_out(post: Post) -> None:
    await post.arrive(mail(LIST, authentication=None), mail(LIST))
    assert await post.outcomes() == [("quarantined", "dmarc_fail"), ("batch", None)]


async def test_mail_of_a_suspended_mill_when_read_then_waits_in_quarantine(post: Post) -> None:
    market = post.market
    await market.add_mill(
        market.trusted, slug="saarmuehle", domain="saarmuehle.example", trusted=True,
        status=OrganizationStatus.SUSPENDED, version=2,
    )  # fmt: skip
    await post.arrive(mail(LIST))
    assert await post.outcomes() == [("quarantined", "mill_not_approved")]


async def test_mail_over_the_limit_when_seen_then_is_recorded_without_being_fetched(post: Post) -> None:
    settings = post.market.settings.model_copy(update={"message_bytes_max": 2000})
    post.market.settings = settings
    await post.arrive(mail(csv_list(*usual_list(100))), mail(b"", message_id="<small@saarmuehle.example>"))
    assert await post.outcomes() == [("quarantined", "too_large"), ("quarantined", "no_list")]


async def test_damaged_mails_when_read_then_do_not_hold_up_the_next(post: Post) -> None:
    await post.arrive(b"From: " + b"a@b.example, " * 20000 + b"\r\n\r\nx", b"\xff\xfe\x00", mail(LIST))
    outcomes = await post.outcomes()
    assert outcomes[-1] == ("batch", None)
    assert {status for status, _ in outcomes[:-1]} == {"quarantined"}


async def test_mail_that_breaks_the_connection_when_tried_three_times_then_is_given_up(post: Post) -> None:
    """So deep that the mail server itself fails at it."""
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000))
    impatient = post.market.settings.model_copy(update={"imap_call_seconds": 0.5})
    post.server.drop(nested)

    async def failed() -> bool:
        """On a busy machine even signing in may take too long, which is not the mail's fault and does not count."""
        assert await collect(post.market.db, impatient) == 0
        async with post.market.db.transaction() as conn:
            (mailbox,) = await list_mailboxes(conn)
        return mailbox.failing_times == impatient.fetch_attempts_max

    await until(failed, deadline_s=30, what="as many failures as a mail may have")
    assert await collect(post.market.db, post.market.settings) == 1
    assert await post.outcomes() == [("quarantined", "not_fetched")]
    await post.arrive(mail(LIST))
    assert (await post.outcomes())[-1] == ("batch", None)


async def test_mailbox_when_the_password_is_wrong_then_the_error_is_shown_without_it(post: Post) -> None:
    wrong = post.server.imap_url().replace(post.server.password, "wrong-password")
    settings = post.market.settings.model_copy(update={"imap_url": SecretStr(wrong)})
    assert await collect(post.market.db, settings) == 0
    async with post.market.db.transaction() as conn:
        (mailbox,) = await list_mailboxes(conn)
    assert mailbox.last_error
    assert "wrong-password" not in mailbox.last_error
    await post.arrive(mail(LIST))
    async with post.market.db.transaction() as conn:
        (mailbox,) = await list_mailboxes(conn)
    assert mailbox.last_error is None
    assert mailbox.succeeded_at is not None


async def test_mailbox_when_nobody_listens_at_its_port_then_the_poll_says_so_quickly(post: Post) -> None:
    settings = post.market.settings.model_copy(update={"imap_url": SecretStr("imap://lists:x@127.0.0.1:1/INBOX")})
    assert await collect(post.market.db, settings) == 0
    async with post.market.db.transaction() as conn:
        (mailbox,) = await list_mailboxes(conn)
    assert "127.0.0.1:1" in (mailbox.last_error or "")


async def test_unread_marks_when_a_mail_is_taken_then_stay(post: Post) -> None:
    await post.arrive(mail(LIST))
    flags = [message.get_flags() for message in post.server.mailroom.maildir("lists")]
    assert all("S" not in flag for flag in flags)


async def test_listener_when_a_mail_arrives_then_hears_of_it_at_once(post: Post) -> None:
    listener = Listener()
    market = post.market
    try:
        assert not await listener.listen(market.db, market.settings)
        post.server.drop(mail(LIST))
        assert await until(lambda: listener.listen(market.db, market.settings), deadline_s=10, what="the push")
    finally:
        await listener.close()


async def test_listener_when_mail_came_before_it_listened_then_says_so(post: Post) -> None:
    listener = Listener()
    post.server.drop(mail(LIST))
    try:
        assert await listener.listen(post.market.db, post.market.settings)
    finally:
        await listener.close()


async def test_mailbox_of_the_settings_when_two_add_it_at_once_then_is_added_once(post: Post) -> None:
    account = account_of_url("imap://lists:x@127.0.0.1:1/INBOX")
    db = post.market.db

    async def add() -> None:
        async with db.transaction() as conn:
            await keep_default(conn, account)

    async with db.transaction() as conn:
        await keep_default(conn, account)
        second = asyncio.create_task(add())
        await until(lambda: _waits_for_a_lock(db), what="the second to wait for the first")
    await second
    async with db.transaction() as conn:
        assert len(await list_mailboxes(conn)) == 1


async def _waits_for_a_lock(db: Database) -> bool:
    async with db.transaction() as conn:
        return await (await conn.execute("SELECT FROM pg_locks WHERE NOT granted")).fetchone() is not None
