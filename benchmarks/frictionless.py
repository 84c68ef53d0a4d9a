"""Frictionless in an environment of its own: its 40 packages are no part of the product, nor of its development."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.bench import Bench

REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "frictionless.txt"


class FrictionlessMissingError(Exception):
    """It could not be installed."""


def interpreter(bench: Bench) -> Path:
    """A Python that has it, installed into the scratch folder by the locked versions.

    Raises:
        FrictionlessMissingError: its packages cannot be had.
    """
    folder = bench.scratch / "frictionless"
    python = folder / "bin" / "python"
    bench.say("installing Frictionless into the scratch folder")
    commands = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(REQUIREMENTS)],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            msg = f"frictionless could not be installed: {last}"
            raise FrictionlessMissingError(msg)
    return python
