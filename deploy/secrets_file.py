"""The one file that holds passwords and keys: lines KEY=VALUE, readable by its owner only.

Secrets never travel by PM2: it hands its starter's environment to every child and writes it to a file others may read.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def read_secrets(path: Path) -> dict[str, str]:
    """Return the file's pairs, or nothing when there is no file yet."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def write_secrets(path: Path, secrets: Mapping[str, str]) -> None:
    """Replace the file whole, so that no reader meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    broken = [key for key, value in secrets.items() if "\n" in value or "\n" in key or "=" in key]
    if broken:
        raise ValueError(f"a secret is one line KEY=VALUE: {', '.join(broken)}")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mkstemp makes it 0600
    with os.fdopen(handle, "w") as file:
        file.write("# Written by bin/up. Keep it to yourself: it holds every password and the signing key.\n")
        file.writelines(f"{key}={value}\n" for key, value in secrets.items())
    Path(name).replace(path)
