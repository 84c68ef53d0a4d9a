"""`make test`: starts the servers that do not run, runs all tests, and stops exactly the servers that it started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def stack(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack", *arguments], cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE
    )


def running() -> set[str]:
    return {one["name"] for one in json.loads(stack("status", "--json").stdout) if one["pid"]}


def main() -> int:
    before = running()
    for step in (("check",), ("up", "servers")):
        code = stack(*step).returncode
        if code:
            return code
    try:
        return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False).returncode
    finally:
        started = running() - before
        if started:
            stack("down", *sorted(started))


if __name__ == "__main__":
    sys.exit(main())
