from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
from shared.failpoint import failpoint
for number in range(3):
    failpoint("S1")
    failpoint("S2")
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("named", "code", "printed"),
    [
        (None, 0, "012"),
        ("", 0, "012"),
        ("S3", 0, "012"),
        ("S", 0, "012"),
        ("S2", -signal.SIGKILL, ""),
        ("S1@1", -signal.SIGKILL, ""),
        ("S2@3", -signal.SIGKILL, "01"),
        ("S2@4", 0, "012"),
    ],
)
def test_the_process_ends_only_where_the_environment_says(named: str | None, code: int, printed: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "INGEST_FAILPOINT"}
    if named is not None:
        environment["INGEST_FAILPOINT"] = named
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert ended.returncode == code, ended.stderr
    assert "".join(ended.stdout.split()) == printed
