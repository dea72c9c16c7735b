"""What opens a door is sent through every door, also the wrong ones: afterwards it is written down nowhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.market import ADMIN, PASSWORD
from shared.contracts import SERVICES
from tests.support.marketplace import Marketplace
from tests.support.small_market import small_market

JWT = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")
# What others read or keep for long: events on their way and kept, who did what, what people are told, mails to be sent.
KEPT = (
    "SELECT to_jsonb(t)::text AS said FROM outbox t",
    "SELECT to_jsonb(t)::text AS said FROM sent t",
    "SELECT to_jsonb(t)::text AS said FROM idempotency t",
)
KEPT_BY = {
    "gateway": ("event_log", "audit_entry", "notification", "mail", "request_origin"),
    "ingestion": ("mailbox", "inbound_message"),
    "newsletter": ("delivery",),
}


@pytest.fixture(scope="module")
def place(marketplace: Marketplace) -> Marketplace:
    marketplace.load(small_market("heimlich", grade_code="PARCHMENT", buyers=1))
    return marketplace


def knocks(place: Marketplace, canary: str) -> Iterator[httpx.Response]:
    """Every way in which a secret comes here, most of them refused."""
    key = lambda: {"Idempotency-Key": str(uuid4())}  # noqa: E731
    box = {"name": canary[:12], "host": "127.0.0.1", "port": 1, "tls": False, "username": "u", "password": canary}
    yield place.ask("operator", "POST", "/auth/login", json={"email": ADMIN, "password": canary})
    yield place.ask("operator", "POST", "/auth/login", json={"email": ADMIN, "password": [canary]})
    yield place.ask("operator", "POST", "/auth/login", content=f'{{"email": "x", "password": "{canary}'.encode())
    yield place.ask("operator", "POST", "/auth/refresh", json={"refresh_token": canary})
    changed = {"current_password": canary, "new_password": f"{canary} new"}
    yield place.ask("heimlich-1", "PUT", "/auth/password", json=changed)
    yield place.ask("operator", "PUT", f"/auth/password-resets/{canary}", json={"password": canary})
    yield place.ask("operator", "POST", f"/invitations/{canary}/acceptances", json={"password": canary}, headers=key())
    yield place.ask("operator", "POST", "/mailboxes/tests", json=box)
    yield place.ask("operator", "POST", "/mailboxes", json=box, headers=key())
    yield place.ask("heimlich-1", "GET", "/items", headers={"Authorization": f"Bearer {canary}"})
    yield place.ask("heimlich-1", "GET", "/items", headers={"Authorization": f"Bearer off_{canary}"})
    yield place.ask("heimlich-1", "GET", "/items", headers={"Cookie": f"offcut_page_refresh={canary}"})
    yield place.ask("heimlich-1", "GET", f"/newsletter/t/{canary}/click")
    yield place.ask("heimlich-1", "POST", f"/newsletter/unsubscribe/{canary}")


def written(place: Marketplace) -> Iterator[tuple[str, str]]:
    """Where, and what."""
    folders = (place.system.layout.logs, Path(place.system.environment["PM2_HOME"]))
    for file in (one for folder in folders for one in folder.rglob("*") if one.is_file()):
        yield file.name, file.read_text(errors="replace")
    for service in SERVICES:
        own = [f"SELECT to_jsonb(t)::text AS said FROM {table} t" for table in KEPT_BY.get(service, ())]
        for query in (*KEPT, *own):
            yield f"{service}: {query}", "\n".join(str(row["said"]) for row in place.rows(service, query))


def test_secrets_that_went_through_every_door_are_written_down_nowhere(place: Marketplace) -> None:
    canary = f"canary{uuid4().hex}"
    answers = [answer.text for answer in knocks(place, canary)]
    assert not [text for text in answers if canary in text]
    made = place.ask(
        "heimlich-mill", "POST", "/api-tokens", json={"name": "ERP", "scopes": ["items:read"]},
        headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    secret = made.raise_for_status().json()["secret"]
    assert place.ask("heimlich-mill", "GET", "/items", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    place.wait_until_quiet()
    settings = place.system.layout.secrets()
    own = [name for name in settings if re.search("PASSWORD|_KEY$", name) and name != "OFFCUT_PUBLIC_KEY"]
    known = {canary, PASSWORD, secret, *(settings[name] for name in own)}
    leaks: list[str] = []
    looked = 0
    for where, text in written(place):
        looked += bool(text)
        leaks += [f"{where} holds {one[:8]}…" for one in known if one in text]
        leaks += [f"{where} holds a token {found[:20]}…" for found in JWT.findall(text)]
    assert looked > 20
    assert not leaks, "\n" + "\n".join(leaks)
