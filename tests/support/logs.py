"""What the processes of a system wrote."""

from pathlib import Path
from typing import Any

import orjson


def troubles(folder: Path) -> list[str]:
    """Records of errors, and everything that is no record at all: a traceback that nobody caught, a stray print."""
    return [
        f"{file.name}: {line[:2000]}"
        for file in sorted(folder.glob("*.log"))
        if not file.name.startswith("infra-")
        for line in file.read_text(errors="replace").splitlines()
        if _is_trouble(line)
    ]


def _is_trouble(line: str) -> bool:
    try:
        record: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return bool(line.strip())
    return record["level"] not in ("debug", "info", "warning")
