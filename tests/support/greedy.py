"""Functions that tests run in the sandbox: good ones, greedy ones and ones that die."""

import os
import time


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
