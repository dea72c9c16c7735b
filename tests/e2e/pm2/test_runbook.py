"""Every PM2 command of docs/runbook.md is run, in its order, and must touch exactly the processes it claims to."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from contextlib import suppress
from dataclasses import dataclass

import pytest

from deploy.embedded.place import ROOT
from tests.support.system import System
from tests.support.wait import until_sync

FORM = re.compile(r"^((?:[A-Z0-9_]+=\S+ )?pm2 .*?)\s+# (.+)$")


@dataclass(frozen=True, slots=True)
class Form:
    command: str
    claim: str


def forms() -> list[Form]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/runbook.md").read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    matched = [(line, FORM.match(line)) for line in lines]
    unreadable = [line for line, match in matched if match is None]
    assert not unreadable, f"every line of a sh block is `pm2 …  # claim`: {unreadable}"
    return [Form(match.group(1), match.group(2)) for _, match in matched if match is not None]


@dataclass(frozen=True, slots=True)
class Life:
    pid: int
    restarts: int


def lives(system: System) -> dict[str, Life]:
    """Return the processes that are online, by name."""
    listed = system.shell("pm2 jlist").stdout.splitlines()
    line = next((line for line in reversed(listed) if line.startswith("[{") or line == "[]"), "[]")
    return {
        process["name"]: Life(process["pid"], process["pm2_env"]["restart_time"])
        for process in json.loads(line)
        if process["pm2_env"]["status"] == "online"
    }


def named(claim: str, everything: set[str]) -> set[str]:
    """Return the processes a claim speaks of."""
    subject = claim.partition(" ")[2]
    if subject == "everything":
        return everything
    if subject == "every worker":
        return {name for name in everything if name.endswith("-worker")}
    return set(subject.split())


def follow(system: System, command: str) -> str:
    """Run a command that never ends in a terminal of its own until it shows something, then press Ctrl-C."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    shown = bytearray()
    running = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=ROOT,
        env={**system.environment, "TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    os.set_blocking(terminal, False)

    def see() -> bool:
        with suppress(OSError):  # nothing there yet, or the command has closed its terminal
            shown.extend(os.read(terminal, 65536))
        return b"catalog-api" in shown or running.poll() is not None

    try:
        until_sync(see, deadline_s=20, what=f"a line of `{command}`")
        return shown.decode(errors="replace")
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait(10)
        os.close(terminal)


@pytest.fixture(scope="module")
def everything(system: System) -> set[str]:
    return set(lives(system))


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.command)
def test_form_of_the_runbook_does_what_its_comment_says(system: System, everything: set[str], form: Form) -> None:
    if form.claim.startswith("follows"):
        check_that_it_follows(system, form)
    else:
        check_what_it_touches(system, everything, form)


def check_that_it_follows(system: System, form: Form) -> None:
    before = lives(system)
    assert "catalog-api" in follow(system, form.command)
    assert lives(system) == before


def check_what_it_touches(system: System, everything: set[str], form: Form) -> None:
    before = lives(system)
    log = system.layout.logs / f"{form.claim.split()[-1]}.out.log"
    if form.claim.startswith("empties"):
        log.write_text("old\n")
    done = system.shell(form.command)
    assert done.returncode == 0, done.stdout + done.stderr
    after = {} if form.command == "pm2 kill" else lives(system)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    replaced = {name for name in before.keys() & after.keys() if before[name].pid != after[name].pid}
    touched = named(form.claim, everything)
    match form.claim.split()[0]:
        case "restarts":
            assert (gone, come, replaced) == (set(), set(), touched)
        case "stops" | "deletes":
            assert (gone, come, replaced) == (touched, set(), set())
        case "starts":
            assert (gone, come, replaced) == (set(), touched, set())
        case "empties":
            assert log.read_text() == ""
            assert after == before
        case "shows":
            assert {name: life.pid for name, life in after.items()} == {name: life.pid for name, life in before.items()}
        case verb:
            pytest.fail(f"no check for a claim that begins with {verb!r}")


def test_star_without_a_namespace_restarts_nothing_and_says_so(system: System) -> None:
    before = lives(system)
    assert system.shell('pm2 restart "cat*"').returncode != 0
    assert lives(system) == before
