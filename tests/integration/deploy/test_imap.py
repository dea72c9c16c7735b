# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# aioimaplib carries no types.
import asyncio

import aioimaplib

from tests.integration.deploy.test_mail import list_mail, post
from tests.support.imap import MailServer


async def test_idle_reader_hears_of_a_mail_and_fetches_it(mail_server: MailServer) -> None:
    async with asyncio.timeout(20):
        client = aioimaplib.IMAP4(host="127.0.0.1", port=mail_server.imap_port)
        await client.wait_hello_from_server()
        assert (await client.login("lists", mail_server.password)).result == "OK"
        assert (await client.select("INBOX")).result == "OK"
        idle = await client.idle_start(timeout=15)
        await post(mail_server, list_mail("sales@kvarn.example"))
        pushed = await client.wait_server_push()
        client.idle_done()
        await asyncio.wait_for(idle, 5)
        found = await client.uid_search("ALL", charset=None)
        (uid,) = found.lines[0].decode().split()
        fetched = await client.uid("fetch", uid, "(UID BODY.PEEK[])")
        await client.logout()
    assert any(b"EXISTS" in line for line in pushed)
    assert any(b"Subject: Surplus week 47" in bytes(line) for line in fetched.lines)


async def test_wrong_password_is_refused_by_imap(mail_server: MailServer) -> None:
    async with asyncio.timeout(20):
        client = aioimaplib.IMAP4(host="127.0.0.1", port=mail_server.imap_port)
        await client.wait_hello_from_server()
        assert (await client.login("lists", "wrong")).result == "NO"
        await client.logout()
