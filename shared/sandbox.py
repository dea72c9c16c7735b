"""Untrusted files are read in a child process that may die: limits on memory, processor time and wall time.

``Sandbox.run`` calls a function, named by its dotted path, that takes bytes and gives bytes, at once or in pieces. A
keeper process imports the modules once and forks a fresh child for every call, so a small list costs milliseconds.
Nothing is unpickled: what comes out of the child is bytes, read by whoever called. The keeper has none of our secrets
in its environment.
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared import faults
from shared.faults import Step

LOG = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # all that a child knows
_HEADER = struct.Struct("!QQd")  # memory bytes, processor seconds, wall seconds
_SIZE = struct.Struct("!Q")
_OPEN_FILES_MAX = 64
_PIECE, _END = b"+", b"."
_MARKS = (_PIECE, _END)
_LAST_WORDS_MAX = 8192
_BUFFER = 4 << 20

Why = Literal["time", "memory", "crash"]


class SandboxFailed(Exception):
    """The child gave no answer. The same input will most likely fail again."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use."""

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 20
    wall_seconds: float = 30.0


class Sandbox:
    """One keeper process. ``preload`` names the modules that it imports before the first call."""

    def __init__(self, *preload: str, limits: Limits | None = None) -> None:
        self._preload = preload
        self._limits = limits or Limits()
        self._control: socket.socket | None = None
        self._keeper: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    async def run(self, function: str, payload: bytes, *, limits: Limits | None = None) -> bytes:
        """Call ``function`` in a fresh child, with limits of its own if given; raises ``SandboxFailed``."""
        async with aclosing(self.pieces(function, payload, limits=limits)) as pieces:
            return b"".join([piece async for piece in pieces])

    async def pieces(self, function: str, payload: bytes, *, limits: Limits | None = None) -> AsyncGenerator[bytes]:
        """The same for a function that gives its answer in pieces, each as soon as it is there.

        They are taken from the child as fast as it makes them: its time is not spent on waiting for our caller.
        Closing the generator early ends the child. Close it in any case (``aclosing``).
        """
        allowed = limits or self._limits
        ours, theirs = socket.socketpair()
        with theirs:
            await self._hand_over(theirs, allowed)
        reader, writer = await asyncio.open_connection(sock=ours, limit=_BUFFER)
        taken: asyncio.Queue[bytes | SandboxFailed | None] = asyncio.Queue()
        taking = asyncio.create_task(_take(reader, taken, allowed))
        try:
            name = function.encode()
            writer.write(_SIZE.pack(len(name)) + name + _SIZE.pack(len(payload)))
            writer.write(payload)
            with contextlib.suppress(ConnectionError):  # a child that died early is told apart by what it said
                await writer.drain()
            faults.reached(Step.SANDBOX_ASKED)
            while (piece := await taken.get()) is not None:
                if isinstance(piece, SandboxFailed):
                    raise piece
                yield piece
        finally:
            taking.cancel()
            writer.close()

    async def close(self) -> None:
        """End the keeper and every child."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._keeper is not None:
            await self._keeper.wait()
            self._keeper = None

    async def _hand_over(self, child_end: socket.socket, allowed: Limits) -> None:
        async with self._starting:
            header = _HEADER.pack(allowed.memory_bytes, allowed.cpu_seconds, allowed.wall_seconds)
            for last_try in (False, True):
                if self._control is None:
                    await self._start()
                assert self._control is not None  # noqa: S101 - _start sets it
                try:
                    socket.send_fds(self._control, [header], [child_end.fileno()])
                    return
                except OSError:
                    self._control.close()
                    self._control = None
                    if last_try:
                        raise SandboxFailed("crash", "the keeper of the sandbox cannot be started") from None

    async def _start(self) -> None:
        if self._keeper is not None:
            await self._keeper.wait()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._keeper = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "shared.sandbox", str(theirs.fileno()), *self._preload,
                cwd=ROOT, env=_ENVIRONMENT, pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        self._control = ours


async def _take(
    reader: asyncio.StreamReader, taken: asyncio.Queue[bytes | SandboxFailed | None], limits: Limits
) -> None:
    """Everything the child says, until it ends or its time does."""
    started, left, said = time.monotonic(), limits.memory_bytes, b""
    with contextlib.suppress(TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        async with asyncio.timeout(limits.wall_seconds + 5):  # the keeper kills first
            while (mark := await reader.readexactly(1)) in _MARKS:
                (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
                left -= size
                if left < 0:
                    taken.put_nowait(SandboxFailed("memory", "the answer is larger than the child may be"))
                    return
                if mark == _END:
                    taken.put_nowait(None)
                    return
                taken.put_nowait(await reader.readexactly(size))
            said = await reader.read(_LAST_WORDS_MAX)
    taken.put_nowait(_failure(said, took=time.monotonic() - started, limits=limits))


def _failure(last_words: bytes, *, took: float, limits: Limits) -> SandboxFailed:
    if last_words:
        said = last_words.decode("utf-8", "replace")
        return SandboxFailed("memory", said) if said.startswith("MemoryError") else SandboxFailed("crash", said)
    if took >= min(limits.wall_seconds, limits.cpu_seconds):
        return SandboxFailed("time", f"no answer within {limits.wall_seconds:.0f} s")
    return SandboxFailed("crash", "the child ended without an answer")


# --- the keeper's side -------------------------------------------------------------------------------------------


def keep(control: socket.socket, preload: Sequence[str]) -> None:
    """Fork a child for each request, kill those past their time, end with whoever started us."""
    for module in preload:
        importlib.import_module(module)
    gc.freeze()  # what is loaded stays shared with every child
    deadlines: dict[int, float] = {}
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, _noticed)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for our parent, who then closes the socket
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        next_due = min(deadlines.values(), default=None)
        ready = selector.select(None if next_due is None else max(0.0, next_due - time.monotonic()))
        for key, _ in ready:
            if key.fileobj is woken:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                continue
            header, fds, _, _ = socket.recv_fds(control, _HEADER.size, 1)
            if not header:
                _kill(deadlines)
                _reap(deadlines, wait=True)
                return
            memory, cpu, wall = _HEADER.unpack(header)
            pid = os.fork()
            if pid == 0:
                selector.close()
                control.close()
                _serve(socket.socket(fileno=fds[0]), memory=memory, cpu=cpu)
            os.close(fds[0])
            deadlines[pid] = time.monotonic() + wall
        _kill({pid: due for pid, due in deadlines.items() if due <= time.monotonic()})
        _reap(deadlines)


def _noticed(_number: int, _frame: object) -> None:
    """Nothing to do here: the wake-up descriptor ends the wait."""


def _kill(deadlines: dict[int, float]) -> None:
    for pid in deadlines:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _reap(deadlines: dict[int, float], *, wait: bool = False) -> None:
    for pid in list(deadlines):
        gone, _ = os.waitpid(pid, 0 if wait else os.WNOHANG)
        if gone:
            del deadlines[pid]


def _serve(line: socket.socket, *, memory: int, cpu: int) -> None:
    """One call in the forked child; never returns. It collects no cycles: its memory has a limit, and it ends soon."""
    gc.disable()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES_MAX, _OPEN_FILES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with line.makefile("rb") as lines:
            function = lines.read(_SIZE.unpack(lines.read(_SIZE.size))[0]).decode()
            payload = lines.read(_SIZE.unpack(lines.read(_SIZE.size))[0])
        answer = _function(function)(payload)
        for piece in (answer,) if isinstance(answer, bytes) else answer:
            line.sendall(_PIECE + _SIZE.pack(len(piece)))
            line.sendall(piece)
        line.sendall(_END + _SIZE.pack(0))
    except BaseException as error:  # the door of this process: whatever it was, its parent must hear of it
        with contextlib.suppress(OSError):
            line.sendall(b"-" + f"{type(error).__name__}: {error}"[:2000].encode("utf-8", "replace"))
    finally:
        os._exit(0)


def _function(dotted: str) -> Callable[[bytes], bytes | Iterator[bytes]]:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    keep(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
