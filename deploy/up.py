"""`bin/up`: servers, database, migrations, processes, and then the main job before your eyes."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Annotated

import psycopg
import typer

from deploy import pm2
from deploy.bootstrap import BootstrapRefused, bootstrap
from deploy.choices import Choices
from deploy.configure import GIVEN_BY, SENDERS, Configuration, choose, configure
from deploy.demo import DemoFailed, accounts
from deploy.demo import run as run_demo
from deploy.embedded.place import ROOT
from deploy.embedded.process import ServerFailed, listens
from deploy.layout import POSTGRES_ADMIN, SERVICES, Layout
from deploy.market import ADMIN, PASSWORD
from deploy.pm2 import Pm2Failed
from deploy.screen import fail, list_facts, say, step
from shared.migrate import migrate

READY_SECONDS_MAX = 60
SERVER_SECONDS_MAX = 60


class UpRefused(Exception):
    """This machine cannot run Offcut as it is; the message says what to do."""


def up(
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="Load the demo market. Default: only when all servers are embedded."),
    ] = None,
    production: Annotated[
        bool | None,
        typer.Option("--production/--development", help="Two API processes per service, or one. Default: as before."),
    ] = None,
) -> None:
    """Start Offcut on this machine. Safe to repeat: what runs already is left alone.

    With DATABASE_URL (an administrator's), REDIS_URL, SMTP_URL and IMAP_URL set, those servers are used instead of
    embedded ones. OFFCUT_PORT_BASE_OFFSET shifts every port, OFFCUT_VAR moves the data.
    """
    began = time.monotonic()
    environment = None if production is None else "production" if production else "development"
    try:
        layout = Layout.of_environment()
        present = own_processes()
        refuse_other_choices(layout, present, environment)
        refuse_data_without_password(layout, os.environ)
        if present and present >= set(pm2.entries()):
            show_end(layout, began, changed=False, demo=wants_demo(layout, demo))
            return
        bring_up(layout, present, environment)
        with_demo = wants_demo(layout, demo)
        if with_demo:
            run_demo(layout)
    except (UpRefused, Pm2Failed, ServerFailed, BootstrapRefused, DemoFailed, psycopg.OperationalError) as refused:
        fail(str(refused))
        sys.exit(1)
    show_end(layout, began, changed=True, demo=with_demo)


def wants_demo(layout: Layout, asked: bool | None) -> bool:
    """Say whether this is a place for demo accounts: only where every server is our own, unless somebody asked."""
    choices = Choices.read(layout.var)
    return asked if asked is not None else choices is not None and set(choices.embedded) == set(GIVEN_BY)


def bring_up(layout: Layout, present: set[str], environment: str | None) -> None:
    """Start whatever does not run yet, in the order in which it is needed."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.var.chmod(0o700)
    configuration = configure(layout, os.environ, environment=environment)
    wanted = pm2.entries()
    missing = [name for name in wanted if name not in present]
    _refuse_taken_ports(layout, missing)
    servers = [name for name in missing if name.startswith("infra-")]
    with step("servers") as notes:
        notes.append(", ".join(configuration.choices.embedded) or "all given by address")
        pm2.start(servers)
        wait_for_servers(layout, configuration)
    with step("database: one schema and one role per service"):
        prepare_database(configuration)
    with step("migrations") as notes:
        applied = {service: migrate(configuration.database_url(service), service) for service in SERVICES}
        notes.append(f"{sum(map(len, applied.values()))} applied")
    with step("processes") as notes:
        pm2.start([name for name in missing if name not in servers])
        _wait_until_ready(layout, wanted)
        notes.append(f"{len(wanted)} under PM2")


def prepare_database(configuration: Configuration) -> None:
    """Make roles and schemas unless every service can already enter its own."""
    if configuration.admin_url is None or all(map(_can_enter, _urls(configuration))):
        return
    bootstrap(configuration.admin_url, configuration.plan)


def _urls(configuration: Configuration) -> Iterable[str]:
    return (configuration.database_url(service) for service in SERVICES)


def _can_enter(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=10) as conn:
            found = conn.execute("SELECT to_regnamespace(current_user) IS NOT NULL").fetchone()
    except psycopg.OperationalError:
        return False
    return found is not None and bool(found[0])


def own_processes() -> set[str]:
    """Return the names of ours that are online, or refuse when another checkout has taken them."""
    found = pm2.running()
    others = sorted({str(process.checkout) for process in found if process.checkout != ROOT})
    if others:
        raise UpRefused(
            f"Offcut of {', '.join(others)} runs under the same PM2. Stop it there with bin/down, or keep both apart: "
            "PM2_HOME=~/.pm2-second OFFCUT_PORT_BASE_OFFSET=100 bin/up"
        )
    pm2.delete(process.name for process in found if not process.online)
    return {process.name for process in found if process.online}


def refuse_other_choices(layout: Layout, present: set[str], environment: str | None) -> None:
    """Refuse to mix: what runs was started with other servers, ports or limits than are asked for now."""
    before = Choices.read(layout.var)
    if before is None or not present:
        return
    now = choose(layout, os.environ, environment=environment)
    for what, was, wanted in (
        ("embedded servers", before.embedded, now.embedded),
        ("environment", before.environment, now.environment),
        ("shift of ports", before.offset, now.offset),
        ("public address", before.public_url, now.public_url),
    ):
        if was != wanted:
            raise UpRefused(f"Offcut runs with another {what} ({was}) than asked for now ({wanted}): bin/down first.")


def refuse_data_without_password(layout: Layout, given: Mapping[str, str]) -> None:
    """Refuse data that an earlier checkout at this place left behind: its password went away with its folder."""
    embedded = "postgres" in choose(layout, given, environment=None).embedded
    if embedded and (layout.postgres_data / "PG_VERSION").exists() and POSTGRES_ADMIN not in layout.secrets():
        raise UpRefused(_other_password(layout))


def _other_password(layout: Layout) -> str:
    return (
        f"The database in {layout.postgres_data} was made with another password than {layout.secrets_file} knows: it "
        "is left over from an earlier checkout at this place, or that file was replaced. To keep the data, put their "
        "secrets.env back there; to begin anew without them, `bin/down --wipe`, then bin/up again."
    )


def _refuse_taken_ports(layout: Layout, missing: list[str]) -> None:
    ports = {
        "infra-postgres": ["postgres"],
        "infra-redis": ["redis"],
        "infra-mail": ["smtp", "imap", "mail_pages"],
    }
    wanted = [layout.port(server) for name in missing for server in ports.get(name, [])]
    wanted += [layout.service_port(name.removesuffix("-api")) for name in missing if name.endswith("-api")]
    taken = [str(port) for port in wanted if listens(port)]
    if taken:
        raise UpRefused(
            f"Something else listens on port {', '.join(taken)}. Stop it, or shift all of Offcut's ports: "
            "OFFCUT_PORT_BASE_OFFSET=100 bin/up"
        )


def wait_for_servers(layout: Layout, configuration: Configuration) -> None:
    ports = {"postgres": "postgres", "redis": "redis", "mail": "imap"}
    deadline = time.monotonic() + SERVER_SECONDS_MAX
    waiting = {server: layout.port(ports[server]) for server in configuration.choices.embedded}
    while waiting:
        waiting = {server: port for server, port in waiting.items() if not listens(port)}
        if waiting and time.monotonic() > deadline:
            raise UpRefused(f"infra-{min(waiting)} does not start; see {layout.logs}/infra-{min(waiting)}.err.log")
        time.sleep(0.05)
    if configuration.admin_url is not None:
        try:
            wait_for_database(configuration.admin_url, deadline)
        except psycopg.OperationalError as refused:
            if "postgres" in configuration.choices.embedded and "password authentication failed" in str(refused):
                raise UpRefused(_other_password(layout)) from refused
            raise


def wait_for_database(admin_url: str, deadline: float) -> None:
    """Wait past the moment in which a starting PostgreSQL listens but lets nobody in."""
    while True:
        try:
            psycopg.connect(admin_url, connect_timeout=5).close()
        except psycopg.OperationalError as refused:
            if time.monotonic() > deadline or "starting up" not in str(refused):
                raise
            time.sleep(0.05)
        else:
            return


def _wait_until_ready(layout: Layout, wanted: list[str]) -> None:
    """Wait until every process is online; one that ends again and again is named with the end of its log."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        states = {process.name: process for process in pm2.running()}
        late = [name for name in wanted if name not in states or not states[name].online]
        if not late:
            return
        if time.monotonic() > deadline:
            log = layout.logs / f"{late[0]}.err.log"
            said = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
            raise UpRefused("\n  ".join([f"{', '.join(late)} did not become ready. The end of {log}:", *said]))
        time.sleep(0.2)


def show_end(layout: Layout, began: float, *, changed: bool, demo: bool) -> None:
    """Say what runs and where to look next."""
    online = sum(process.online for process in pm2.running())
    what = "Offcut runs" if changed else "Offcut was running already; nothing was changed"
    say(f"\n[bold]{what}.[/] [dim]{online} processes, {time.monotonic() - began:.1f} s[/]")
    list_facts(list(next_steps(layout, demo=demo)))


def next_steps(layout: Layout, *, demo: bool) -> Iterable[tuple[str, str]]:
    """Addresses and commands by what they are for."""
    choices = Choices.read(layout.var)
    yield "API and its documentation", f"{layout.address}/mvp/api/docs/"
    yield "Sign in", f"{layout.address}/mvp/app/ (operators: {layout.address}/mvp/admin/)"
    if choices is not None and "mail" in choices.embedded:
        yield "Mail that was sent", f"http://127.0.0.1:{layout.port('mail_pages')}/"
    if demo:
        yield "Demo accounts", f"{ADMIN} (operator), {', '.join(accounts())}; password {PASSWORD}"
        yield "Try next", "sign in as the buyer, open a lot, press “I am interested”; mail a list of your own"
    else:
        create = ".venv/bin/python -m gateway.accounts create-admin --email you@example.org --name 'Your Name'"
        yield "First administrator", f"OFFCUT_SECRETS_FILE={layout.secrets_file} {create}"
    if choices is not None and "mail" not in choices.embedded:
        yield "Mailed lists are believed of", f"{believed(layout)} (OFFCUT_AUTHSERV_ID, see README.md)"
        yield "Mails are from", sent_from(layout)
    yield "Processes", f"PATH={pm2.search_path()}:$PATH pm2 ls"
    yield "Stop", "bin/down (the data stay)"


def believed(layout: Layout) -> str:
    """The mail server whose word on a sender counts; without one every mailed list waits in the quarantine."""
    return layout.secrets().get("OFFCUT_AUTHSERV_ID") or "no mail server: set it, or all mails wait in the quarantine"


def sent_from(layout: Layout) -> str:
    """The addresses that stand in mails; they have to be the operator's own, or mail servers refuse them."""
    known = layout.secrets()
    missing = [name for name in SENDERS if name not in known]
    if missing:
        return f"an example address: set {' and '.join(missing)}, or no mail server will take them"
    return " and ".join(known[name] for name in SENDERS)


def main() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(up)
    app()


if __name__ == "__main__":
    main()
