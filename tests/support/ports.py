"""Ports for what a test starts. What is free now has to be free a moment later, when it is taken."""

import os
import random
import socket
from itertools import cycle

# Below those that the system gives to outgoing connections, any of which could take a port before its server does;
# and above those of whole systems. Each is given once in a session, and two sessions begin at different places.
_RANGE = range(22_000, 32_000)
_given = cycle(_RANGE)
for _ in range(random.Random(os.getpid()).randrange(len(_RANGE))):
    next(_given)


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    return next(port for port in _given if not _taken(port))


def free_ports(count: int) -> list[int]:
    """Return different ports."""
    return [free_port() for _ in range(count)]


def free_offset() -> int:
    """Return a shift of Offcut's ports (8910 to 8955) with which none of them is taken."""
    for offset in range(10_000, 30_000, 100):
        if not any(_taken(port + offset) for port in range(8910, 8956)):
            return offset
    raise AssertionError("no free range of ports on this machine")


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
