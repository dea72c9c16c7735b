"""What a process holds in memory, as the kernel counts it."""

from pathlib import Path

_KIB = 1024
_RESET_PEAK = "5"  # proc(5), clear_refs


def reset_peak(pid: int) -> None:
    """Let the peak begin anew at what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def peak_mib(pid: int) -> float:
    return _figure(pid, "VmHWM") / _KIB


def resident_mib(pid: int) -> float:
    return _figure(pid, "VmRSS") / _KIB


def _figure(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
