"""`make test`: starts the servers that do not run, runs all tests, and stops exactly the servers that it started.

Where the stack runs in containers, its servers are the ones that the tests use.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE)


def running() -> set[str]:
    return {one["name"] for one in json.loads(run("stack", "status", "--json").stdout) if one["pid"]}


def main() -> int:
    if run("stack.docker", "running").stdout.strip() == "docker":
        return run("stack.docker", "up", "servers").returncode or tests()
    before = running()
    for step in (("check",), ("up", "servers")):
        code = run("stack", *step).returncode
        if code:
            return code
    try:
        return tests()
    finally:
        started = running() - before
        if started:
            run("stack", "down", *sorted(started))


def tests() -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
