"""The whole system beside whatever else runs on this machine: own ports, own data, own PM2."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.place import ROOT
from deploy.layout import Layout
from tests.support.ports import free_offset
from tests.support.wait import until_sync

START_SECONDS_MAX = 180


@dataclass(frozen=True, slots=True)
class System:
    layout: Layout
    environment: Mapping[str, str]

    def shell(self, line: str, *, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one line as an operator would, in a plain shell in the checkout."""
        return subprocess.run(
            ["bash", "-c", line], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout_s
        )

    def up(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self._run("deploy.up", *options)

    def down(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self._run("deploy.down", *options)

    def _run(self, module: str, *options: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", module, *options],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
        )
        assert done.returncode == 0, f"{module} failed:\n{done.stdout}{done.stderr}\n{self.logs()}"
        return done

    def logs(self) -> str:
        """Return the end of every log that is not empty, for the message of a failed test."""
        files = sorted(self.layout.logs.glob("*.log")) if self.layout.logs.exists() else []
        ends = ((file.name, file.read_text(errors="replace")[-1500:]) for file in files)
        return "\n".join(f"--- {name}\n{end}" for name, end in ends if end.strip())


@contextmanager
def prepared_system(**given: str) -> Generator[System]:
    """Yield a place for a system that does not run yet; whatever was started in it is stopped and removed."""
    place = Path(tempfile.mkdtemp(prefix="offcut-e2e-"))
    layout = Layout(place / "var", free_offset())
    plain = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if key in os.environ}
    environment = {
        **plain,
        "PATH": f"{ROOT}/node_modules/.bin:{plain['PATH']}:{ROOT}/.venv/bin",
        "PM2_HOME": str(place / "pm2"),
        "OFFCUT_VAR": str(layout.var),
        "OFFCUT_PORT_BASE_OFFSET": str(layout.offset),
        "OFFCUT_GATEWAY_RATES_TIMES": "1000",  # a test asks faster than anybody may
        **given,
    }
    system = System(layout, environment)
    try:
        yield system
    finally:
        end(place / "pm2")
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(layout.servers, ignore_errors=True)


def end(home: Path) -> None:
    """End a daemon of PM2 and all that it has started, at once: nobody needs their data any more, or a soft landing.

    Only PostgreSQL is told, because what it shares in memory would outlive it.
    """
    try:
        daemon = int((home / "pm2.pid").read_text())
        os.kill(daemon, signal.SIGSTOP)  # it starts nothing again
    except (FileNotFoundError, ProcessLookupError):
        return
    family = descendants(daemon)
    servers = [pid for pid, name in family.items() if name == "postgres" and family.get(state_of(pid)[1]) != "postgres"]
    for pid in servers:
        send(pid, signal.SIGQUIT)
    for pid in servers:
        until_sync(lambda pid=pid: state_of(pid)[0] in "Z-", what="the end of PostgreSQL")
    for pid in (daemon, *family):
        send(pid, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def descendants(pid: int) -> dict[int, str]:
    """Everything that a process has started, and what that has started, with its name."""
    parents = {int(one.name): state_of(int(one.name))[1] for one in Path("/proc").iterdir() if one.name.isdigit()}
    found, waiting = dict[int, str](), [pid]
    while waiting:
        above = waiting.pop()
        for child in (one for one, parent in parents.items() if parent == above):
            with suppress(FileNotFoundError, ProcessLookupError):
                found[child] = Path(f"/proc/{child}/comm").read_text().strip()
            waiting.append(child)
    return found


def state_of(pid: int) -> tuple[str, int]:
    """A letter as of proc(5), and who started it; ``-`` and 0 when it is gone."""
    try:
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "-", 0
    return state, int(parent)


@contextmanager
def running_system(*options: str, **given: str) -> Generator[System]:
    """Start everything with `bin/up` and the given options, by default without the demo market."""
    with prepared_system(**given) as system:
        system.up(*(options or ("--no-demo",)))
        yield system
