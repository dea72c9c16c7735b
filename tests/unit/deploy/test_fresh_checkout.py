"""Locks and commands as a stranger gets them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.embedded.place import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_pins_and_hashes_every_package_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    assert entries
    for entry in entries:
        assert "==" in entry.splitlines()[0]
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize("larger", ["dev", "bench"])
def test_larger_lock_holds_the_runtime_lock_with_the_same_versions(larger: str) -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^([A-Za-z0-9_.\-\[\]]+==[^ ;\\]+)", (ROOT / name).read_text(), flags=re.MULTILINE))

    assert pinned("requirements.lock") <= pinned(f"requirements-{larger}.lock")


def test_node_lock_carries_no_download_address() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


COMMANDS = sorted(path.name for path in (ROOT / "bin").iterdir())


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_executable_and_says_what_it_does_in_its_head(command: str) -> None:
    script = ROOT / "bin" / command
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith(f"#!/bin/sh\n# bin/{command}")


@pytest.mark.parametrize("asked", [["--help"], ["-h"], ["something", "--help"]], ids=" ".join)
@pytest.mark.parametrize("command", COMMANDS)
def test_help_in_a_fresh_checkout_is_printed_and_nothing_is_installed(
    command: str, asked: list[str], tmp_path: Path
) -> None:
    for name in ("bin", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "sed", "dirname", "basename"):  # no Python at all
        (programs / name).symlink_to(shutil.which(name) or "")
    before = set(tmp_path.rglob("*"))
    words = asked if command not in ("down", "lock") else asked[-1:]
    ran = subprocess.run(
        [tmp_path / "bin" / command, *words], env={"PATH": str(programs)}, cwd="/", capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"bin/{command}")
    assert len(ran.stdout.splitlines()) >= 2
    assert set(tmp_path.rglob("*")) == before


def test_root_ecosystem_file_stays_a_list_of_parts() -> None:
    assert len((ROOT / "ecosystem.config.js").read_text().splitlines()) <= 30
