"""Start processes that end with us, and read from /proc what they use."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.embedded.place import ROOT
from deploy.embedded.process import LIBC, SET_PARENT_DEATH_SIGNAL

STOP_SECONDS_MAX = 15
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def start(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a Python module, ``[module, argument, ...]``, in the checkout; the kernel ends it if we are killed."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,
        )


def stop(running: Iterable["subprocess.Popen[bytes]"]) -> None:
    """Ask all to end, wait, and end by force what is still there."""
    processes = list(running)
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def pss_mib(pids: Iterable[int]) -> float:
    """Proportional set size: memory shared by several processes counts once, divided among them."""
    kib = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


def peak_rss_mib(pid: int) -> float:
    """The most memory this process has ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of a process since its start, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _end_with_parent() -> None:
    if LIBC is not None:
        LIBC.prctl(SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))
