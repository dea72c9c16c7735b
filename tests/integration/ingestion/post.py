"""A market with its mailbox, and the mails that mills send to it."""

from dataclasses import dataclass
from email.message import EmailMessage

from services.ingestion.collecting import collect
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.support.imap import MailServer
from tests.support.tokens import bearer

SENDER = "sales@saarmuehle.example"
PASS = "mx.offcut.example; dkim=pass header.d=saarmuehle.example; dmarc=pass header.from=saarmuehle.example"


@dataclass(slots=True)
class Post:
    """The market with its mailbox."""

    market: Market
    server: MailServer

    async def arrive(self, *mails: bytes) -> None:
        await collect(self.market.db, self.market.settings)
        for mail in mails:  # one at a time: the server numbers what it finds at once in any order
            self.server.drop(mail)
            await collect(self.market.db, self.market.settings)
        await self.market.read_mails()
        await self.market.read_lists()

    async def messages(self) -> list[dict[str, object]]:
        """Oldest first."""
        async with self.market.client() as client:
            page = await client.get("/inbound-messages", headers=bearer("admin", self.market.operator))
        return page.json()["items"][::-1]

    async def outcomes(self) -> list[tuple[object, object]]:
        return [(message["status"], message["reason"]) for message in await self.messages()]


def mail(
    *lists: bytes,
    sender: str = SENDER,
    message_id: str = "<1@saarmuehle.example>",
    authentication: str | None = PASS,
    body: str = "Please find our list attached.",
    **headers: str,
) -> bytes:
    message = EmailMessage()
    if authentication is not None:
        message["Authentication-Results"] = authentication
    message["From"] = sender
    message["To"] = "lists@offcut.example"
    message["Subject"] = "Surplus list"
    message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    for n, content in enumerate(lists, start=1):
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=f"list {n}.csv")
    return message.as_bytes()


LIST = csv_list(*usual_list())
