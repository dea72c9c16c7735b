"""`bin/test`: the rings of tests, from the quickest to the slowest."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.embedded.place import ROOT
from deploy.embedded.postgres import host_programs
from deploy.embedded.valkey import host_program
from deploy.prepare import find_node
from deploy.screen import fail, say

CHECKS = ("lint", "types")
PYTEST_RINGS = ("unit", "integration", "e2e", "chaos")
ALL = (*CHECKS, *PYTEST_RINGS)
BY_DEFAULT = ("lint", "types", "unit", "integration")
PYTHON = sys.executable


class Servers(StrEnum):
    """Whose PostgreSQL and Redis the ring chaos wipes and restarts."""

    EMBEDDED = "embedded"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class HostProgram:
    """A program that only the host's package manager has; tests that need it carry the marker.

    ``package`` is None for a right that the machine gives or does not: no package brings it.
    """

    name: str
    package: str | None
    marker: str
    rings: frozenset[str]
    find: Callable[[], object]


def may_mount() -> bool:
    """Whether a test may fill a disk of its own: root may, where the machine or its container lets it."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        if not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
            return False
        return subprocess.run(["umount", folder]).returncode == 0


HOST_PROGRAMS = (
    HostProgram("chromium", "chromium", "browser", frozenset({"e2e"}), lambda: shutil.which("chromium")),
    HostProgram("Debian's PostgreSQL", "postgresql", "host_servers", frozenset({"chaos", "e2e"}), host_programs),
    HostProgram("Dovecot", "dovecot-imapd", "dovecot", frozenset({"integration"}), lambda: shutil.which("dovecot")),
    HostProgram("the right to mount", None, "mounts", frozenset({"chaos", "e2e"}), may_mount),
    HostProgram("nginx", "nginx", "nginx", frozenset({"e2e"}), lambda: shutil.which("nginx")),
    HostProgram("Debian's Redis", "redis-server", "host_servers", frozenset({"chaos", "e2e"}), host_program),
)


def run_rings(
    rings: Annotated[list[str] | None, typer.Argument(help=f"Any of: {' '.join(ALL)} all")] = None,
    keyword: Annotated[str | None, typer.Option("-k", help="Only tests whose names match, as pytest takes it.")] = None,
    fast: Annotated[bool, typer.Option("-x", help="Stop at the first failure.")] = False,
    kills: Annotated[int | None, typer.Option(min=10, help="chaos: processes killed with work in hand; 20.")] = None,
    wipes: Annotated[int | None, typer.Option(min=0, help="chaos: Redis wiped with unread entries; 2.")] = None,
    seed: Annotated[int | None, typer.Option(help="chaos: repeats a run; every run prints its own.")] = None,
    servers: Annotated[
        Servers | None, typer.Option(help="chaos: PostgreSQL and Redis that come with us, or the host's packages.")
    ] = None,
) -> None:
    """Run the tests. Without a name: lint types unit integration. The last line is pytest's own count.

    `bin/test chaos --kills 200 --wipes 10 --seed 7 -k ledger` is the long run; it ends with a table of what was done
    and of what was lost, doubled, invented or out of order.
    """
    wanted = _wanted(rings or list(BY_DEFAULT))
    chaos = {"KILLS": kills, "WIPES": wipes, "SEED": seed, "SERVERS": servers}
    given = {f"OFFCUT_CHAOS_{name}": str(value) for name, value in chaos.items() if value is not None}
    if given and "chaos" not in wanted:
        fail("--kills, --wipes, --seed and --servers belong to the ring chaos: bin/test chaos --kills 200")
        sys.exit(2)
    left_out = provide_host_programs(wanted)
    folders = [f"tests/{ring}" for ring in wanted if ring in PYTEST_RINGS and _has_tests(ring)]
    without = sorted({f"not {program.marker}" for program in left_out})
    options = ["-m", " and ".join(without)] if without else []
    options += ["-k", keyword] if keyword else []
    options += ["-x"] if fast else []
    # The checks take one processor for a minute; tests wait more than they work, and go on beside them.
    with ThreadPoolExecutor(max_workers=1) as beside:
        checked = {ring: beside.submit(_check, ring) for ring in wanted if ring in CHECKS}
        passed = not folders or _run([PYTHON, "-m", "pytest", *folders, *options], given) == 0
        failed = [ring for ring, check in checked.items() if not check.result()]
    if failed:
        fail(f"{' and '.join(failed)} failed, see above")
    sys.exit(0 if passed and not failed else 1)


def _wanted(asked: Sequence[str]) -> list[str]:
    unknown = [ring for ring in asked if ring not in (*ALL, "all")]
    if unknown:
        fail(f"no ring is called {', '.join(unknown)}; there are: {' '.join(ALL)} all")
        sys.exit(2)
    return [ring for ring in ALL if ring in asked or "all" in asked]


def _has_tests(ring: str) -> bool:
    return any((ROOT / "tests" / ring).glob("**/test_*.py"))


def _check(ring: str) -> bool:
    began = time.monotonic()
    if ring == "lint":
        good = _run([PYTHON, "-m", "ruff", "check", "--quiet", "."]) == 0
        good = _run([PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]) == 0 and good
    else:
        good = _run([str(find_node()), str(ROOT / "node_modules/pyright/index.js")]) == 0
    say(f"\n{ring}: {'clean' if good else 'FAILED'} [dim]{time.monotonic() - began:.1f} s[/]")  # amid pytest's dots
    return good


def provide_host_programs(wanted: Sequence[str]) -> list[HostProgram]:
    """Install what the rings need from the host, as root on Debian; return what had to be left out.

    In continuous integration nothing may be left out: there it is a failure.
    """
    missing = [p for p in HOST_PROGRAMS if p.rings & set(wanted) and not p.find()]
    if any(program.package for program in missing) and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [program.package for program in missing if program.package]
        say(f"installing {' '.join(packages)} for the tests")
        # In runlevel 1 a package does not start its server: tests run their own.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL)
        missing = [program for program in missing if not program.find()]
    if os.environ.get("CI") and (needed := [program.name for program in missing if program.package]):
        fail(f"{', '.join(needed)} could not be installed, and CI leaves nothing out")
        sys.exit(1)
    for program in missing:
        needs = f"they need {program.name}" + (f" (package {program.package})" if program.package else "")
        say(f"[yellow]left out:[/] tests marked '{program.marker}', {needs}")
    return missing


def _run(command: Sequence[str], given: Mapping[str, str] | None = None) -> int:
    path = f"{Path(PYTHON).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(given or {}), "PATH": path}).returncode


def main() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(run_rings)
    app()


if __name__ == "__main__":
    main()
