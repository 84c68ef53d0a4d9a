"""The child: request as JSON on stdin, verdict as JSON in a file. Started by `child.run_child`, on Linux.

Usage: `python -m services.validator.engine VERDICT_PATH PARENT_PID`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

from .confinement import confine

_PR_SET_PDEATHSIG = 1
_NICENESS = 10
_PARENT_GONE = 3
# The collector looks at every row list otherwise; cycles are few here and the process is short-lived.
_GC_THRESHOLD = 200_000


def _settle_in(parent_pid: int) -> None:
    """Die with the parent, step behind the service, do without the network."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:  # it died before the call above
        sys.exit(_PARENT_GONE)
    os.nice(_NICENESS)
    confine(libc)
    gc.set_threshold(_GC_THRESHOLD)


def main(verdict_path: Path, parent_pid: int) -> None:
    """Judge the one file of the request and leave the verdict, complete or not at all."""
    _settle_in(parent_pid)
    # Loaded only now: Polars takes a while and starts threads, and the parent may be gone by then.
    from . import progress  # noqa: PLC0415
    from .parse import parse_file  # noqa: PLC0415
    from .request import ParseRequest  # noqa: PLC0415

    request = ParseRequest.model_validate_json(sys.stdin.buffer.read())
    verdict = parse_file(request, begin=partial(progress.begin, request.output_dir))
    unfinished = verdict_path.with_suffix(".tmp")
    unfinished.write_text(verdict.model_dump_json(), encoding="utf-8")
    unfinished.replace(verdict_path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
