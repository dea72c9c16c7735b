"""PM2 as this checkout sees it: its own processes only, by exact name."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.embedded.place import ROOT
from deploy.layout import SERVICES
from deploy.prepare import find_node

NAMESPACES = {f"{service}-*" for service in (*SERVICES, "infra")}
START_SECONDS_MAX = 240
# PM2 starts two at a time by default; twelve processes that mostly wait for their imports need not queue like that.
CONCURRENT_STARTS = "4"
# The daemon keeps the environment it was born with, so no address with a password may be in it.
KEPT_FROM_SHELL = ("PATH", "HOME", "USER", "LANG", "TERM", "SSL_CERT_FILE", "PM2_HOME")
# Everything else is in var/choices.json.
OURS_FROM_SHELL = (
    "OFFCUT_VAR", "OFFCUT_LOG_LEVEL", "OFFCUT_WATCH", "OFFCUT_REMEDY_OFF", "OFFCUT_GATEWAY_RATES_TIMES",
)  # fmt: skip


class Pm2Failed(Exception):
    """PM2 refused or timed out; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Running:
    name: str
    status: str
    pid: int
    restarts: int
    memory_bytes: int
    checkout: Path

    @property
    def online(self) -> bool:
        return self.status == "online"


def start(names: Iterable[str]) -> None:
    """Start the named entries of the root file and wait until each has said that it is ready."""
    wanted = ",".join(names)
    if wanted:
        _pm2("start", "ecosystem.config.js", "--only", wanted)


def delete(names: Iterable[str]) -> None:
    """Stop processes gracefully and forget them."""
    wanted = list(names)
    if wanted:
        _pm2("delete", *wanted)


def running() -> list[Running]:
    """Return every process that bears a name of ours, of whichever checkout; nothing when no daemon runs."""
    return [
        Running(
            name=process["name"],
            status=process["pm2_env"]["status"],
            pid=process["pid"] or 0,
            restarts=process["pm2_env"]["restart_time"],
            memory_bytes=process["monit"]["memory"],
            checkout=Path(process["pm2_env"]["pm_cwd"]),
        )
        for process in _listed()
        if process["pm2_env"].get("namespace") in NAMESPACES
    ]


def any_process() -> bool:
    """Say whether PM2 runs anything at all: an operator may have processes of his own there."""
    return bool(_listed())


def _listed() -> list[dict[str, Any]]:
    if not daemon_runs():
        return []
    # A daemon of another version announces itself above the list.
    lines = _pm2("jlist").splitlines()
    return json.loads(next((line for line in reversed(lines) if line.startswith("[{") or line == "[]"), "[]"))


def entries() -> list[str]:
    """Return the names of everything that the root file would start now."""
    script = "console.log(JSON.stringify(require('./ecosystem.config.js').apps.map((app) => app.name)))"
    done = subprocess.run(
        [str(_node()), "-e", script], cwd=ROOT, capture_output=True, text=True, check=True, env=_shell()
    )
    return json.loads(done.stdout)


def search_path() -> str:
    """Return what a shell needs in PATH to find `pm2`, and the Node it runs on when that came from PyPI."""
    node, folder = _node(), ROOT / "node_modules/.bin"
    return f"{folder}:{node.parent}" if ROOT in node.parents else str(folder)


def home() -> Path:
    return Path(os.environ.get("PM2_HOME", Path.home() / ".pm2"))


def daemon_runs() -> bool:
    try:
        os.kill(int((home() / "pm2.pid").read_text()), 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    return True


def stop_daemon() -> None:
    _pm2("kill")


def _node() -> Path:
    node = find_node()
    if node is None:
        raise Pm2Failed("no Node is here; bin/up brings one")
    return node


def _shell() -> dict[str, str]:
    kept = {key: os.environ[key] for key in KEPT_FROM_SHELL if key in os.environ}
    ours = {key: os.environ[key] for key in OURS_FROM_SHELL if key in os.environ}
    path = f"{_node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**kept, **ours, "PATH": path, "PM2_CONCURRENT_ACTIONS": CONCURRENT_STARTS}


def _pm2(*arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(_node()), str(ROOT / "node_modules/pm2/bin/pm2"), *arguments, "--no-color"],
            cwd=ROOT,
            env=_shell(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired as late:
        raise Pm2Failed(f"pm2 {arguments[0]} did not end within {START_SECONDS_MAX} s") from late
    if done.returncode != 0:
        raise Pm2Failed(f"pm2 {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
