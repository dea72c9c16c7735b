from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from deploy.mail_viewer import create_viewer
from deploy.mailroom import account_of
from tests.support.imap import MailServer
from tests.support.smtp import recording_relay


def list_mail(sender: str, *, claim: str | None = None) -> EmailMessage:
    message = EmailMessage()
    if claim is not None:
        message["Authentication-Results"] = claim
    message["From"] = sender
    message["To"] = "lists@offcut.example"
    message["Subject"] = "Surplus week 47"
    message.set_content("see attachment")
    return message


async def post(server: MailServer, message: EmailMessage) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=server.smtp_port)


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("lists@offcut.example", "lists"),
        ("Lists+mill-7@OFFCUT.example", "lists"),
        ("bounces+3f2a@offcut.example", "bounces"),
        ("lists@buyer.example", "outbox"),
        ("nobody@offcut.example", "outbox"),
    ],
)
def test_address_belongs_to_the_account_of_its_name_and_else_to_the_outbox(address: str, account: str) -> None:
    assert account_of(address) == account


async def test_mail_of_a_vouched_domain_passes_and_no_other_does(mail_server: MailServer) -> None:
    mail_server.mailroom.vouch_for({"kvarn.example"})
    await post(mail_server, list_mail("sales@kvarn.example"))
    await post(mail_server, list_mail("sales@stranger.example"))
    results = [mail["Authentication-Results"] for mail in mail_server.mails("lists")]
    assert results == [
        "mx.offcut.example; dmarc=pass header.from=kvarn.example",
        "mx.offcut.example; dmarc=none header.from=stranger.example",
    ]


async def test_claim_of_our_own_name_is_dropped_when_a_stranger_brings_it(mail_server: MailServer) -> None:
    claim = "mx.offcut.example; dmarc=pass header.from=stranger.example"
    await post(mail_server, list_mail("sales@stranger.example", claim=claim))
    (mail,) = mail_server.mails("lists")
    assert mail.get_all("Authentication-Results") == ["mx.offcut.example; dmarc=none header.from=stranger.example"]
    assert mail["Subject"] == "Surplus week 47"


async def test_viewer_shows_a_sent_mail_with_its_pages_in_a_sandbox(mail_server: MailServer) -> None:
    message = EmailMessage()
    message["From"] = "news@offcut.example"
    message["To"] = "anna@buyer.example"
    message["Subject"] = "Two lots <for> you"
    message.set_content("2 lots, 14 t")
    message.add_alternative("<p>2 lots</p><script>alert(1)</script>", subtype="html")
    await post(mail_server, message)
    transport = httpx.ASGITransport(app=create_viewer(mail_server.mailroom))
    async with httpx.AsyncClient(transport=transport, base_url="http://viewer") as client:
        index = await client.get("/", params={"to": "anna@"})
        address = index.text.partition("<a href='/mails/")[2].partition("'")[0]
        shown = await client.get(f"/mails/{address}")
        html = await client.get(f"/mails/{address}/html")
        gone = await client.get("/mails/none")
    assert "Two lots &lt;for&gt; you" in index.text
    assert "2 lots, 14 t" in shown.text
    assert "<p>2 lots</p>" in html.text
    assert "sandbox allow-popups" in html.headers["content-security-policy"]
    assert gone.status_code == 404


async def test_relay_refuses_one_recipient_and_takes_the_rest() -> None:
    async with recording_relay() as relay:
        relay.refusals["gone@buyer.example"] = "550 5.1.1 no such user"
        message = list_mail("news@offcut.example")
        errors, _ = await aiosmtplib.send(
            message, hostname="127.0.0.1", port=relay.port, recipients=["gone@buyer.example", "anna@buyer.example"]
        )
    assert errors["gone@buyer.example"][0] == 550
    assert [mail.recipients for mail in relay.accepted] == [("anna@buyer.example",)]
