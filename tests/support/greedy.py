"""Functions that tests run in the sandbox: good ones, greedy ones and ones that die."""

import os
import time
from collections.abc import Iterator


def double(payload: bytes) -> bytes:
    return payload * 2


def environment(_: bytes) -> bytes:
    return " ".join(os.environ).encode()


def spin(_: bytes) -> bytes:
    while True:
        pass


def sleep_long(_: bytes) -> bytes:
    time.sleep(60)
    return b""


def eat(_: bytes) -> bytes:
    return bytes(bytearray(4 << 30))


def die(_: bytes) -> bytes:
    os._exit(3)


def refuse(_: bytes) -> bytes:
    raise ValueError("no list here")


def in_pieces(payload: bytes) -> Iterator[bytes]:
    for number in range(int(payload)):
        yield bytes([number]) * 400_000


def never_ending(_: bytes) -> Iterator[bytes]:
    while True:
        yield b"more" * 100_000


def broken_off(payload: bytes) -> Iterator[bytes]:
    yield payload
    raise ValueError("no more of it")
