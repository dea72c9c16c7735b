"""The main job before your eyes: a mill mails its list, and minutes later a buyer has a newsletter and a window.

`python -m deploy.demo` needs a running system; `bin/up` calls it where every server is our own, or with `--demo`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from rich.live import Live
from rich.table import Table

from deploy.embedded.place import ROOT
from deploy.layout import SERVICES, Layout
from deploy.mailroom import Mailroom
from deploy.market import ADMIN, LISTS_ADDRESS, PASSWORD, Client, Market, mail_list
from deploy.screen import CONSOLE, say, step
from gateway.accounts import organization_id

MARKET = ROOT / "samples/market.json"
SECONDS_MAX = 45
POLL_SECONDS = 0.15
LIVE_ITEMS = "status__in=available,pre_production,reserved"


class DemoFailed(Exception):
    """The flow did not come through in time; the message says where to look."""


@dataclass(slots=True)
class Stage:
    """One step of the flow; ``look`` answers what to show, or nothing while it is not there yet."""

    name: str
    look: Callable[[], str | None]
    found: str | None = None
    after_seconds: float | None = None


@dataclass(slots=True)
class Watch:
    """What the demo sees through the API, as the operator."""

    admin: Client
    subject: str
    mail: dict[str, Any] = field(default_factory=dict[str, Any])
    batch: dict[str, Any] = field(default_factory=dict[str, Any])
    items: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def mail_seen(self) -> str | None:
        seen = [one for one in self.admin.get("/inbound-messages?limit=20")["items"] if one["subject"] == self.subject]
        self.mail = seen[0] if seen else {}
        return f"from {self.mail['sender']}" if self.mail else None

    def batch_made(self) -> str | None:
        self.mail_seen()
        if self.mail.get("status") in ("ignored", "quarantined", "duplicate"):
            raise DemoFailed(
                f"the mail was {self.mail['status']}: {self.mail.get('detail') or self.mail.get('reason')}"
            )
        made: list[str] = self.mail.get("batch_ids") or []
        if not made:
            return None
        self.batch = self.admin.get(f"/batches/{made[0]}")
        return str(self.batch["file_name"])

    def rows_read(self) -> str | None:
        self.batch = self.admin.get(f"/batches/{self.batch['id']}")
        if self.batch["status"] in ("failed", "review_required", "mapping_required"):
            raise DemoFailed(f"the list waits for a person: {'; '.join(self.batch['reasons'])}")
        counts = self.batch["counts"]
        return (
            f"{counts['total']} rows, {counts['invalid'] + counts['rejected']} rejected with a reason"
            if counts["total"]
            else None
        )

    def lots_listed(self) -> str | None:
        self.rows_read()
        if self.batch["status"] != "committed":
            return None
        self.items = [
            one for one in self.admin.every(f"/items?{LIVE_ITEMS}") if one.get("batch_id") == self.batch["id"]
        ]
        return f"{len(self.items)} lots" if self.items else None

    def matches_found(self) -> str | None:
        found = self.admin.every("/matches")
        buyers = {one["buyer_id"] for one in found}
        return f"{len(found)} matches of {len(buyers)} buyers" if found else None

    def interest_taken(self) -> str | None:
        found = self.admin.get("/interests?limit=200")["items"]
        return f"{len(found)}" if found else None

    def window_open(self) -> str | None:
        found = self.admin.get("/windows?status=active&limit=200")["items"]
        return f"{len(found)} open, first until {found[0]['expires_at'][:16]}Z" if found else None

    def newsletter_sent(self) -> str | None:
        found = [one for one in self.admin.every("/newsletter/deliveries") if one["kind"] == "issue"]
        sent = [one for one in found if one["sent_at"]]
        return f"{len(sent)} accepted by SMTP" if sent and len(sent) == len(found) else None

    def stages(self) -> list[Stage]:
        """The flow in its order."""
        return [
            Stage("mail seen", self.mail_seen),
            Stage("batch", self.batch_made),
            Stage("rows", self.rows_read),
            Stage("lots listed", self.lots_listed),
            Stage("matches", self.matches_found),
            Stage("interests", self.interest_taken),
            Stage("windows", self.window_open),
            Stage("newsletters", self.newsletter_sent),
        ]


def load(layout: Layout, market: Market) -> None:
    """Accounts, rates and requirements; what is there already stays as it is."""
    accounts = [sys.executable, "-m", "gateway.accounts"]
    environment = {**os.environ, "OFFCUT_SECRETS_FILE": str(layout.secrets_file)}
    for arguments in (
        ["create-admin", "--email", ADMIN, "--name", "Operator", "--password", PASSWORD],
        ["load-market", str(MARKET), "--password", PASSWORD],
    ):
        done = subprocess.run([*accounts, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise DemoFailed(done.stderr or done.stdout)
    Mailroom(layout.mail).vouch_for(market.domains)
    admin = Client(layout.address, ADMIN)
    rates = market.content["fx"]
    # Dated today: rates that are a week old would leave foreign prices uncompared.
    today = datetime.now(UTC).date()
    admin.send("PUT", f"/exchange-rates/{today}", {"base": rates["base"], "per_base": rates["per_eur"]})
    for mill in market.content["mills"]:
        block(admin, mill)
    admin.close()
    for slug, email in market.emails("buyers"):
        buyer = Client(layout.address, email)
        known = {one["title"] for one in buyer.every("/requirements")}
        for one in market.requirements_of(slug):
            if one["title"] not in known:
                body = {name: value for name, value in one.items() if name not in ("id", "buyer")}
                buyer.send("POST", "/requirements", body, key=f"{slug} {one['id']}")
        buyer.close()


def block(admin: Client, mill: dict[str, Any]) -> None:
    """Hide a mill's lots from the buyers its entry names."""
    blocked = [str(organization_id(slug)) for slug in mill.get("blocks", [])]
    if not blocked:
        return
    deadline = time.monotonic() + SECONDS_MAX
    while not (known := admin.get(f"/visibility-rules?mill_id={organization_id(mill['id'])}")["items"]):
        if time.monotonic() > deadline:
            raise DemoFailed("catalog does not hear of the mills: bin/events lag")
        time.sleep(POLL_SECONDS)
    rules = known[0]
    if sorted(rules["blocked_buyers"]) != sorted(blocked):
        path = f"/visibility-rules/{organization_id(mill['id'])}"
        admin.send("PUT", path, {"blocked_buyers": blocked}, version=rules["version"])


def wait_until_known(layout: Layout) -> None:
    """Wait until every service has heard of the organisations, so that a mill's mail finds its mill."""
    deadline = time.monotonic() + SECONDS_MAX
    head = _worker(layout, "gateway")["head"]["seq"]
    waiting = set(SERVICES) - {"gateway"}
    while waiting:
        for service in sorted(waiting):
            applied = {one["stream"]: one["applied_seq"] for one in _worker(layout, service)["subscriptions"]}
            if applied.get("events.gateway", 0) >= head:
                waiting.discard(service)
        if waiting and time.monotonic() > deadline:
            raise DemoFailed(f"{', '.join(sorted(waiting))} does not hear of the organisations: bin/events lag")
        time.sleep(POLL_SECONDS)


def _worker(layout: Layout, service: str) -> dict[str, Any]:
    answer = httpx.get(f"http://127.0.0.1:{layout.worker_port(service)}/internal/health", timeout=10)
    return answer.json()


def show(stages: list[Stage]) -> None:
    """Show the flow as it happens; raise ``DemoFailed`` when a stage does not come."""
    began = time.monotonic()
    with Live(_table(stages), console=CONSOLE, refresh_per_second=12) as live:
        for stage in stages:
            while stage.found is None:
                stage.found = stage.look()
                if stage.found is not None:
                    stage.after_seconds = time.monotonic() - began
                elif time.monotonic() - began > SECONDS_MAX:
                    raise DemoFailed(f"{stage.name} did not come within {SECONDS_MAX} s: bin/events lag, var/log")
                else:
                    time.sleep(POLL_SECONDS)
                live.update(_table(stages))


def _table(stages: list[Stage]) -> Table:
    table = Table.grid(padding=(0, 2))
    for stage in stages:
        mark = "[green]✓[/]" if stage.found is not None else "[dim]…[/]"
        took = f"[dim]{stage.after_seconds:.1f} s[/]" if stage.after_seconds is not None else ""
        table.add_row(f"  {mark}", stage.name, took, stage.found or "")
    return table


def run(layout: Layout) -> None:
    """Load the market, mail the first list, and show what becomes of it."""
    market = Market.read(MARKET)
    with step("demo market") as notes:
        load(layout, market)
        wait_until_known(layout)
        content = market.content
        notes.append(f"{len(content['mills'])} mills, {len(content['buyers'])} buyers, "
                     f"{len(content['requirements'])} requirements")  # fmt: skip
    first = market.content["lists"][0]
    mill, file = market.mill(first["mill"]), ROOT / "samples" / first["file"]
    admin = Client(layout.address, ADMIN)
    watch = Watch(admin, subject=first["subject"])
    if watch.mail_seen() is None:
        sender = mill["sender_addresses"][0]
        smtp_url = layout.secrets()["OFFCUT_SMTP_URL"]
        mail_list(smtp_url, sender=sender, file=file, subject=first["subject"], name=mill["name"])
        say(f"  [green]✓[/] {mill['name']} mails {file.name} to {LISTS_ADDRESS}")
    show(watch.stages())
    admin.close()


def accounts() -> list[str]:
    """One mill and one buyer to sign in with."""
    market = Market.read(MARKET)
    sides = (("mills", "mill"), ("buyers", "buyer"))
    return [f"{next(market.emails(side))[1]} ({what})" for side, what in sides]


def main() -> None:
    """Command line."""
    try:
        run(Layout.of_environment())
    except (DemoFailed, httpx.HTTPError) as failed:
        sys.exit(f"The demo stopped: {failed}")


if __name__ == "__main__":
    main()
