"""A server of our own for one test session."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import PostgresServer, ValkeyServer
from tests.support.ports import free_port


@contextmanager
def throwaway(name: str, make: Callable[[Path, int, str], PostgresServer | ValkeyServer]) -> Generator[str]:
    """Run what `make` builds from a folder, a free port and a password; yield its URL. Nothing of it is left."""
    place = Path(tempfile.mkdtemp(prefix=f"offcut-{name}-"))
    place.chmod(0o755)
    server = make(place, free_port(), secrets.token_hex(16))
    try:
        running = server.start()
        try:
            yield server.url
        finally:
            server.stop(running)
    finally:
        shutil.rmtree(place)
