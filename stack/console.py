"""Progress on stderr: plain lines anywhere, and on a terminal one live line that says what is still awaited."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_REDRAW_S = 0.5
_CLEAR = "\r\033[K"

_lock = threading.Lock()


def say(line: str) -> None:
    """Write one line to stderr, over the live line if there is one."""
    clear = _CLEAR if sys.stderr.isatty() else ""
    with _lock:
        print(f"{clear}{line}", file=sys.stderr, flush=True)


@contextmanager
def waiting(describe: Callable[[], str]) -> Iterator[None]:
    """Show `describe()` and the elapsed seconds while the block runs. Does nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    painter = threading.Thread(target=_paint, args=(describe, done), daemon=True)
    painter.start()
    try:
        yield
    finally:
        done.set()
        painter.join()
        with _lock:
            print(_CLEAR, end="", file=sys.stderr, flush=True)


def _paint(describe: Callable[[], str], done: threading.Event) -> None:
    started = time.monotonic()
    while not done.wait(_REDRAW_S):
        with _lock:
            print(f"{_CLEAR}{describe()} {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True)
