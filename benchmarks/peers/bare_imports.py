"""A process that imports modules and sleeps until its stdin is closed; what fails to import is left out."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys


def main() -> None:
    """Read a list of names, import them, say how many there are, sleep."""
    imported = 0
    for name in json.loads(sys.stdin.readline()):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
            imported += 1
    print(imported, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
