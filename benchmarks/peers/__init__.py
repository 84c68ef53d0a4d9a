"""Peers that run in a process of their own: a request as JSON on stdin, what was measured as JSON on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from sandbox.installation import ROOT


class PeerError(Exception):
    """A peer ended without an answer; the message is the end of what it wrote."""


def ask(peer: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run a module of this package and wait for its answer.

    Raises:
        PeerError: it fails.
    """
    command = [sys.executable, "-m", f"benchmarks.peers.{peer}"]
    done = subprocess.run(  # noqa: S603  # our own module
        command, cwd=ROOT, input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if done.returncode:
        msg = f"{peer} ended with {done.returncode}: {done.stderr.strip()[-500:]}"
        raise PeerError(msg)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
