"""Where a validator keeps the files that it works on, so that nothing stays of one that was killed.

Every process has a folder of its own below the one that was configured, and holds a lock on a file in it. The kernel
lets go of the lock when the process dies, also for containers that share the volume: a folder whose lock is free is
rubbish.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "validator-"
LOCK_NAME = "lock"


class Workplace:
    """This process's folder below `work_dir`; made, and what the dead have left removed, when it is opened."""

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = work_dir
        self._folder: Path | None = None
        self._lock = -1

    def open(self) -> Path:
        """Take a folder, unless there is one; returns it.

        Raises:
            OSError: nothing can be written below `work_dir`.
        """
        if self._folder is not None and (self._folder / LOCK_NAME).exists():
            return self._folder
        self.close()
        self._work_dir.mkdir(parents=True, exist_ok=True)
        while self._folder is None:
            self._claim(Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._work_dir)))
        self._sweep()
        return self._folder

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """An empty folder for one job; gone with the end of the block."""
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.open()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder; does nothing a second time."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._folder = None

    def _claim(self, folder: Path) -> None:
        """Hold a new folder, unless a validator that starts at this moment has taken it for rubbish."""
        lock = _locked(folder)
        if lock is not None:
            if (folder / LOCK_NAME).exists():
                self._folder, self._lock = folder, lock
            else:
                os.close(lock)

    def _sweep(self) -> None:
        for folder in self._work_dir.glob(f"{PREFIX}*"):
            if folder != self._folder and (lock := _locked(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """The lock of a folder, as an open file; None when somebody else holds it, or the folder is not there."""
    with suppress(OSError):
        lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return lock
    return None
