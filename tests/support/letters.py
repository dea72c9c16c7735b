"""Mails that were sent, as their readers get them."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr

LINK = re.compile(r"""https?://[^\s"'<>)]+""")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail; ``html`` and ``text`` are its two readings."""

    to: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    message: EmailMessage

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def is_newsletter(self) -> bool:
        """Only a newsletter can be unsubscribed from."""
        return "List-Unsubscribe" in self.message

    @property
    def links(self) -> list[str]:
        """Every address in the mail, pictures included, each once."""
        found = LINK.findall(self.text) + LINK.findall(self.html.replace("&amp;", "&"))
        return list(dict.fromkeys(found))

    def links_with(self, part: str) -> list[str]:
        return [link for link in self.links if part in link]


def letter_of(message: EmailMessage) -> Letter:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        to=parseaddr(str(message["To"]))[1],
        subject=str(message["Subject"]),
        sent_at=message["Date"].datetime,
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
        message=message,
    )
