"""Start and stop one server process of our own, by its pid."""

import ctypes
import os
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.embedded.place import Account

HOST = "127.0.0.1"  # embedded servers never listen beyond loopback
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
LIBC: ctypes.CDLL | None = ctypes.CDLL(None) if platform.system() == "Linux" else None


class ServerFailed(Exception):
    """An embedded server did not start; the message holds the end of its log."""


def run(command: Sequence[str | Path], *, account: Account | None) -> None:
    """Run a program of a server to its end under the server's account."""
    done = subprocess.run(
        [str(part) for part in command],
        env=PLAIN_ENVIRONMENT,
        cwd="/",
        capture_output=True,
        text=True,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )
    if done.returncode != 0:
        raise ServerFailed(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def spawn(
    command: Sequence[str | Path], *, account: Account | None, log: Path, throwaway: bool = False
) -> subprocess.Popen[bytes]:
    """Start a server whose output is appended to the log file.

    It outlives this process, unless it is a throwaway: then the kernel stops it with the thread that started it, so
    that tests which are killed leave no servers behind (on Linux; elsewhere nothing stops it but `stop`).
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            env=PLAIN_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent if throwaway and LIBC is not None else None,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )


def replace_this_process(command: Sequence[str | Path], *, account: Account | None) -> None:
    """Become the server, so that the process manager signals the server itself and not a parent of it."""
    if account is not None:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    os.chdir("/")
    os.execve(str(command[0]), [str(part) for part in command], PLAIN_ENVIRONMENT)  # noqa: S606


def _end_with_parent() -> None:
    """Runs between fork and exec, after the change of account, which would clear the wish again."""
    if LIBC is not None:
        LIBC.prctl(SET_PARENT_DEATH_SIGNAL, int(signal.SIGINT))


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals, deadline_s: float = 30) -> None:
    """End a server by its pid: first as it likes to be ended, after the deadline by force."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], *, log: Path, deadline_s: float = 30
) -> None:
    """Wait for a server that was just started; one that ends instead is reported with the end of its log."""
    give_up = time.monotonic() + deadline_s
    while not ready():
        if process.poll() is not None or time.monotonic() > give_up:
            tail = log.read_text(errors="replace")[-2000:]
            raise ServerFailed(f"the server does not become ready; the end of {log}:\n{tail}")
        time.sleep(0.02)
