"""Start and stop one server process of our own, by its pid."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.embedded.place import Account

HOST = "127.0.0.1"  # embedded servers never listen beyond loopback
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


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


def spawn(command: Sequence[str | Path], *, account: Account | None, log: Path) -> subprocess.Popen[bytes]:
    """Start a server that outlives this shell; its output is appended to the log file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            env=PLAIN_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
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


def wait_until_listening(process: subprocess.Popen[bytes], *, port: int, log: Path, deadline_s: float = 30) -> None:
    give_up = time.monotonic() + deadline_s
    while not listens(port):
        if process.poll() is not None or time.monotonic() > give_up:
            tail = log.read_text(errors="replace")[-2000:]
            raise ServerFailed(f"{log.stem} does not listen on port {port}; the end of {log}:\n{tail}")
        time.sleep(0.02)
