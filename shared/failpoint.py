"""Places at which a test can end the process, as a power cut would: off unless the environment names one.

`INGEST_FAILPOINT=S2` ends the process with SIGKILL when it reaches `failpoint("S2")`; `S2@3` at the third time. The
names are the rows of the crash table in `docs/architecture.md`.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "INGEST_FAILPOINT"
_reached: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """End this process here, if the environment says so."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    wanted_name, _, nth = wanted.partition("@")
    if wanted_name != name:
        return
    _reached[name] += 1
    if _reached[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
