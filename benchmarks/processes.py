"""What a process uses, as the kernel counts it (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

_KIB = 1024
_UTIME, _STIME = 11, 12  # behind the command's name; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html


def rss_bytes(pid: int) -> int:
    """Resident memory now."""
    return _memory(pid, "VmRSS")


def peak_rss_bytes(pid: int) -> int:
    """The most resident memory since the program was started."""
    return _memory(pid, "VmHWM")


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU since the process began, in user space and in the kernel; its children are not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * _KIB
    msg = f"process {pid} has no {name}: it has ended"
    raise ProcessLookupError(msg)
