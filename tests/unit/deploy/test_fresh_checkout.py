"""Locks and commands as a stranger gets them."""

import re
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


@pytest.mark.parametrize("command", ["up", "down", "test", "jobs", "bench"])
def test_command_is_executable_and_says_what_it_does_in_its_head(command: str) -> None:
    script = ROOT / "bin" / command
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/bin/sh\n# ")


def test_root_ecosystem_file_stays_a_list_of_parts() -> None:
    assert len((ROOT / "ecosystem.config.js").read_text().splitlines()) <= 30
