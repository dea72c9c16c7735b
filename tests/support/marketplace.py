"""A running system as its people use it: the operator, the mills and the buyers of a market."""

import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg
from psycopg.rows import dict_row

from deploy.embedded.place import ROOT
from deploy.layout import SERVICES
from deploy.mailroom import Mailroom, read
from deploy.market import ADMIN, PASSWORD, Client, Market, mail_list
from tests.support.letters import Letter, letter_of
from tests.support.system import System
from tests.support.wait import until_sync

JSON = dict[str, Any]
DECIDED = ("review_required", "mapping_required", "committed", "failed", "cancelled", "duplicate")
QUIET_SECONDS_MAX = 60


@dataclass
class Marketplace:
    """One system and everybody who has signed in to it."""

    system: System
    _mills: dict[str, JSON] = field(default_factory=dict[str, JSON])
    _addresses: dict[str, str] = field(default_factory=dict[str, str])
    _clients: dict[str, Client] = field(default_factory=dict[str, Client])
    _letters: dict[str, Letter] = field(default_factory=dict[str, Letter])

    def open(self) -> None:
        """Create the operator."""
        self._accounts("create-admin", "--email", ADMIN, "--name", "Operator", "--password", PASSWORD)
        self._addresses["operator"] = ADMIN

    def load(self, content: Mapping[str, Any], *, blocks: Sequence[tuple[str, str]] = ()) -> None:
        """Add a market with its requirements; every service knows its people before this returns."""
        market = Market(dict(content))
        with TemporaryDirectory() as folder:
            file = Path(folder) / "market.json"
            file.write_bytes(orjson.dumps(content))
            self._accounts("load-market", str(file), "--password", PASSWORD)
        Mailroom(self.system.layout.mail).vouch_for(market.domains)
        self._mills |= {mill["id"]: mill for mill in content["mills"]}
        self._addresses |= dict([*market.emails("mills"), *market.emails("buyers")])
        self.wait_until_quiet()
        if "fx" in content:
            rates = content["fx"]
            body = {"base": rates["base"], "per_base": rates["per_eur"]}
            self.admin.send("PUT", f"/exchange-rates/{rates['date']}", body)
        for mill, buyer in blocks:
            self.block(mill, buyer)
        for one in content["requirements"]:
            body = {name: value for name, value in one.items() if name not in ("id", "buyer", "title")}
            self.client(one["buyer"]).send("POST", "/requirements", {**body, "title": one["id"]}, key=str(uuid4()))
        self.wait_until_quiet()

    @property
    def admin(self) -> Client:
        return self.client("operator")

    def client(self, slug: str) -> Client:
        """Whoever signs in first for an organisation, signed in once."""
        if slug not in self._clients:
            self._clients[slug] = Client(self.system.layout.address, self._addresses[slug])
        return self._clients[slug]

    def address_of(self, slug: str) -> str:
        return self._addresses[slug]

    def organization(self, slug: str) -> str:
        return str(self.client(slug).get("/auth/me")["organization"]["id"])

    @contextmanager
    def browser(self, slug: str) -> Generator[httpx.Client]:
        """A browser with cookies in which somebody has signed in on the page."""
        with httpx.Client(base_url=self.system.layout.address, follow_redirects=True, timeout=30) as browser:
            shown = browser.post("/mvp/app/sign-in", data={"email": self._addresses[slug], "password": PASSWORD})
            assert shown.status_code == 200, shown.text
            yield browser

    def block(self, mill: str, buyer: str) -> None:
        """The mill sells nothing to this buyer from now on."""
        rules = self.client(mill).get("/visibility-rules")["items"][0]
        body = {"blocked_buyers": [*rules["blocked_buyers"], self.organization(buyer)]}
        self.client(mill).send("PUT", f"/visibility-rules/{rules['mill_id']}", body, version=rules["version"])
        self.wait_until_quiet()

    def mail(self, mill: str, file: Path) -> str:
        """Mail a list as the mill; the subject it went under."""
        known, subject = self._mills[mill], f"{file.name} {uuid4().hex[:8]}"
        sender, url = known["sender_addresses"][0], self.system.layout.secrets()["OFFCUT_SMTP_URL"]
        mail_list(url, sender=sender, file=file, subject=subject, name=known["name"])
        return subject

    def upload(
        self, mill: str, content: bytes, *, name: str = "list.csv", list_mode: str = "snapshot"
    ) -> httpx.Response:
        file, mode = {"file": (name, content)}, {"list_mode": list_mode}
        headers = {"Idempotency-Key": str(uuid4())}
        return self.ask(mill, "POST", "/batches", files=file, data=mode, headers=headers)

    def ask(self, slug: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request through the gateway as somebody, whatever the answer."""
        headers = {"Authorization": self.bearer(slug), **more.pop("headers", {})}
        return httpx.request(method, f"{self.system.layout.address}/mvp/api{path}", headers=headers, timeout=30, **more)

    def bearer(self, slug: str) -> str:
        """The Authorization header of whoever signs in first for an organisation."""
        return str(self.client(slug).authorization)

    def wait_for_mail(self, subject: str) -> JSON:
        """What became of a mail, as soon as it was looked into."""

        def look() -> JSON | None:
            seen = [one for one in self.admin.every("/inbound-messages") if one["subject"] == subject]
            return seen[0] if seen and seen[0]["status"] != "received" else None

        return until_sync(look, deadline_s=30, what=f"the mail {subject}")

    def batch_of_mail(self, subject: str) -> JSON:
        """The batch a mail became, as soon as it is decided or waits for a person."""
        seen = self.wait_for_mail(subject)
        assert seen["status"] == "batch", seen
        return self.wait_until_decided(seen["batch_ids"][0])

    def wait_until_decided(self, batch_id: str) -> JSON:
        def look() -> JSON | None:
            batch = self.admin.get(f"/batches/{batch_id}")
            return batch if batch["status"] in DECIDED else None

        return until_sync(look, deadline_s=30, what=f"the end of reading batch {batch_id}")

    def commit(self, mill: str, batch: JSON) -> None:
        """List every good row of a batch that waits, as a person of the mill does."""
        path, body = f"/batches/{batch['id']}/commits", {"invalid_rows": "reject"}
        self.client(mill).send("POST", path, body, key=str(uuid4()), version=batch["version"])

    def wait_for_batch(self, batch_id: str, status: str, *, deadline_s: float = 30) -> JSON:
        def look() -> JSON | None:
            batch = self.admin.get(f"/batches/{batch_id}")
            return batch if batch["status"] == status else None

        return until_sync(look, deadline_s=deadline_s, what=f"batch {batch_id} {status}")

    def wait_until_listed(self, batch_id: str) -> list[JSON]:
        """The rows of a batch, once each that was accepted has its lot."""

        def look() -> list[JSON] | None:
            rows = self.admin.every(f"/batches/{batch_id}/rows")
            done = [row for row in rows if row["item_id"] or row["status"] in ("rejected", "excluded", "invalid")]
            return rows if rows and len(done) == len(rows) else None

        return until_sync(look, deadline_s=30, what=f"the lots of batch {batch_id}")

    def matched(self, batch_ids: Sequence[str]) -> bool:
        """Whether matching is through with these batches."""
        query = "SELECT batch_id::text FROM match_run WHERE status = 'completed' AND batch_id IS NOT NULL"
        return set(batch_ids) <= {row["batch_id"] for row in self.rows("matching", query)}

    def wait_until_sent(self, *, deadline_s: float = 60) -> list[JSON]:
        """Every mail there is, once none waits any more."""

        def look() -> list[JSON] | None:
            self.wait_until_quiet()
            found = self.admin.every("/newsletter/deliveries")
            waiting = [one for one in found if one["status"] in ("queued", "sending")]
            return None if waiting or self.unsent_issues() else found

        return until_sync(look, deadline_s=deadline_s, what="the last mail") or []

    def unsent_issues(self) -> list[JSON]:
        """Issues that are still being made or sent."""
        return [
            one
            for one in self.admin.every("/newsletter/issues")
            if one["status"] in ("generating", "generated", "sending")
        ]

    def send_issues(self, buyer: str) -> None:
        """Send a buyer what he has not been told yet, in as many newsletters as it takes."""
        body = {"buyer_id": self.organization(buyer)}

        def nothing_left() -> bool:
            made = self.admin.send("POST", "/newsletter/issues", body, key=str(uuid4()))["items"]
            return not any(one["item_ids"] for one in made)

        until_sync(nothing_left, what=f"the last newsletter to {buyer}")

    def lot_behind(self, link: str) -> str:
        """The id of the lot that a link in a newsletter leads to."""
        target = httpx.get(link, timeout=30).headers["Location"]
        assert "/mvp/app/lots/" in target, target
        return str(target.rpartition("/")[2])

    def pid_of(self, process: str) -> int:
        return next(pid for name, pid in self.pids() if name == process)

    def pids(self) -> list[tuple[str, int]]:
        """Every process with its name; those of one name serve together."""
        listed = self.system.shell("pm2 jlist").stdout.splitlines()[-1]
        return [(one["name"], int(one["pid"])) for one in orjson.loads(listed)]

    def letters(self, slug: str) -> list[Letter]:
        """Mails to the first address of an organisation, oldest first."""
        return [one for one in self.all_letters() if one.to == self._addresses[slug]]

    def all_letters(self) -> list[Letter]:
        room = Mailroom(self.system.layout.mail).maildir("outbox")
        self._letters |= {key: letter_of(read(room, key)) for key in room.keys() if key not in self._letters}  # noqa: SIM118 - a Maildir is no mapping
        return sorted(self._letters.values(), key=lambda one: one.sent_at)

    def health(self, service: str) -> JSON:
        url = f"http://127.0.0.1:{self.system.layout.worker_port(service)}/internal/health"
        return httpx.get(url, timeout=10).raise_for_status().json()

    def unrest(self) -> list[str]:
        """What is still under way or went wrong between the services; empty when nothing is."""
        try:
            states = {service: self.health(service) for service in SERVICES}
        except httpx.HTTPError as error:
            return [str(error)]
        heads = {f"events.{service}": state["head"]["seq"] for service, state in states.items()}
        found = [
            f"{service} {name} {state[name]}"
            for service, state in states.items()
            for name in ("outbox_waiting", "parked", "dead")
            if state[name]
        ]
        found += [
            f"{service} reads {one['stream']} {one['applied_seq']} of {heads[one['stream']]}"
            for service, state in states.items()
            for one in state["subscriptions"]
            if one["applied_seq"] != heads[one["stream"]]
        ]
        return found

    def wait_until_quiet(self, *, deadline_s: float = QUIET_SECONDS_MAX) -> None:
        """Wait until every event has had its effect everywhere."""
        said: list[str] = []

        def quiet() -> bool:
            said[:] = self.unrest()
            return not said

        try:
            until_sync(quiet, deadline_s=deadline_s, what="quiet")
        except AssertionError as late:
            raise AssertionError(f"not quiet: {said}") from late

    def rows(self, service: str, query: str, values: Mapping[str, object] | None = None) -> list[JSON]:
        """What a service's own tables say; only for counts that no API shows."""
        url = self.system.layout.secrets()[f"OFFCUT_{service.upper()}_DATABASE_URL"]
        with psycopg.connect(url) as conn, conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), values or {}).fetchall()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _accounts(self, *arguments: str) -> None:
        environment = {**self.system.environment, "OFFCUT_SECRETS_FILE": str(self.system.layout.secrets_file)}
        done = subprocess.run(
            [sys.executable, "-m", "gateway.accounts", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
