"""What the first `bin/up` decided, kept in var/choices.json, so that a later shell without its variables does the same.

deploy/pm2.js reads the same file.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

ENVIRONMENTS = ("development", "production")


@dataclass(frozen=True, slots=True)
class Choices:
    """`embedded` names the servers we run ourselves; `public_url` is None when it follows from the gateway's port."""

    embedded: tuple[str, ...]
    environment: str
    offset: int
    public_url: str | None

    @classmethod
    def read(cls, var: Path) -> Self | None:
        """Return what was decided before, or None when this place was never started."""
        file = _file(var)
        if not file.exists():
            return None
        known = json.loads(file.read_text())
        return cls(tuple(known["embedded"]), known["environment"], known["offset"], known["public_url"])

    def write(self, var: Path) -> None:
        _file(var).write_text(json.dumps(asdict(self), indent=2) + "\n")


def _file(var: Path) -> Path:
    return var / "choices.json"
