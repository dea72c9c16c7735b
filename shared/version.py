"""Which version runs, and since when."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

STARTED_AT = datetime.now(UTC)
_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
VERSION = str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])
