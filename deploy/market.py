"""A small market to look at: mills, buyers, what the buyers look for, and one list that a mill mails."""

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import httpx
import orjson

NAMESPACE = UUID("b1a5a0de-5c53-4d1c-9a62-3f8f6f6c2a10")  # the same demo twice makes the same requests twice
PASSWORD = "surplus-paper"  # noqa: S105 - the documented password of the demo accounts
ADMIN = "operator@offcut.example"
LISTS_ADDRESS = "lists@offcut.example"
PAGE = 200


@dataclass(frozen=True, slots=True)
class Market:
    """A market file as read: see ``samples/market.json``."""

    content: dict[str, Any]

    @classmethod
    def read(cls, file: Path) -> "Market":
        return cls(orjson.loads(file.read_bytes()))

    def mill(self, slug: str) -> dict[str, Any]:
        return next(one for one in self.content["mills"] if one["id"] == slug)

    @property
    def domains(self) -> set[str]:
        """Domains whose mail the embedded mail server may vouch for."""
        return {str(one["domain"]) for one in self.content["mills"]}

    def requirements_of(self, buyer: str) -> list[dict[str, Any]]:
        return [one for one in self.content["requirements"] if one["buyer"] == buyer]

    def emails(self, side: str) -> Iterator[tuple[str, str]]:
        """(slug, address to sign in with) of every organisation on one side."""
        for one in cast(list[dict[str, Any]], self.content[side]):
            users = one.get("users") or [{"email": one.get("email") or one["sender_addresses"][0]}]
            yield one["id"], users[0]["email"]


class Client:
    """Somebody signed in at the gateway."""

    def __init__(self, address: str, email: str, password: str = PASSWORD) -> None:
        self._http = httpx.Client(base_url=f"{address}/mvp/api", timeout=30)
        answer = self._http.post("/auth/login", json={"email": email, "password": password})
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    @property
    def authorization(self) -> str:
        """The header that others may send in this person's name."""
        return self._http.headers["Authorization"]

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        answer.raise_for_status()
        return answer.json()

    def every(self, path: str) -> list[dict[str, Any]]:
        """All elements of a collection, page by page."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit={PAGE}{more}")
            found += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    def send(
        self, method: str, path: str, body: dict[str, Any], *, key: str | None = None, version: int | None = None
    ) -> dict[str, Any]:
        """Post or put; ``key`` makes a repeated demo one request."""
        headers = {"Idempotency-Key": str(uuid5(NAMESPACE, key))} if key else {}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer.json() if answer.content else {}

    def close(self) -> None:
        self._http.close()


def mail_list(smtp_url: str, *, sender: str, file: Path, subject: str, name: str) -> str:
    """Mail a list as a mill would; the Message-ID, which is the same for the same list."""
    message = EmailMessage()
    message["From"] = formataddr((name, sender))
    message["To"] = LISTS_ADDRESS
    message["Subject"] = subject
    message["Message-ID"] = f"<{uuid5(NAMESPACE, file.name)}@{sender.partition('@')[2]}>"
    message.set_content("Good morning,\n\nplease find attached what we have this week.\n\nBest regards\n" + name + "\n")
    kind = "vnd.openxmlformats-officedocument.spreadsheetml.sheet" if file.suffix == ".xlsx" else "octet-stream"
    message.add_attachment(file.read_bytes(), maintype="application", subtype=kind, filename=file.name)
    parts = urlsplit(smtp_url)
    with smtplib.SMTP(parts.hostname or "127.0.0.1", parts.port or 25, timeout=30) as server:
        server.send_message(message)
    return str(message["Message-ID"])
