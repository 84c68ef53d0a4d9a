"""The servers' logs: one file each, begun anew at each start, the one before kept."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

_POLL_S = 0.3
_TAIL_LINES = 50


def rotate(log: Path) -> None:
    """Keep the last run's log as `NAME.log.1` and let the next begin with nothing."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def last_lines(log: Path, count: int) -> str:
    """Give the last lines of a log; an absent one is empty."""
    if not log.exists():
        return ""
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, maxlen=count)).rstrip()


def show(logs: Mapping[str, Path], *, follow: bool) -> None:
    """Print the end of each log, with the server's name when there are several; `follow` goes on for ever."""
    prefixes = {name: f"{name:<12}| " if len(logs) > 1 else "" for name in logs}
    for name, log in logs.items():
        _print(prefixes[name], last_lines(log, _TAIL_LINES).splitlines())
    tails = {name: Tail(log) for name, log in logs.items()} if follow else {}
    while tails:
        for name, tail in tails.items():
            _print(prefixes[name], tail.new_lines())
        time.sleep(_POLL_S)


def _print(prefix: str, lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{prefix}{line}\n")
    sys.stdout.flush()


class Tail:
    """Reads what a log gains, from its present end on; begins anew when the log was rotated."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._inode, self._position = self._status()
        self._rest = ""

    def _status(self) -> tuple[int, int]:
        try:
            status = self._log.stat()
        except FileNotFoundError:
            return 0, 0
        return status.st_ino, status.st_size

    def new_lines(self) -> list[str]:
        """Give the lines that were finished since the last call."""
        inode, size = self._status()
        if inode != self._inode:
            self._inode, self._position, self._rest = inode, 0, ""
        if size == self._position:
            return []
        with self._log.open("rb") as file:
            file.seek(self._position)
            text = self._rest + file.read().decode(errors="replace")
            self._position = file.tell()
        *lines, self._rest = text.split("\n")
        return lines
