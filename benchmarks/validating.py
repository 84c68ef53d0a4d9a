"""A file judged by `ingest validate` and by peers, each as a program of its own, in turn."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figure import Aim, Figure, WrongAnswerError, percentile
from benchmarks.measured import Run, Use, run
from benchmarks.scale import MIB

PEERS = Path(__file__).parent / "peers"
WALL, CPU, MEMORY = "wall, s", "CPU, s", "peak RSS, MiB"
_OF: dict[str, Callable[[Use], float]] = {
    WALL: lambda use: use.seconds,
    CPU: lambda use: use.cpu_seconds,
    MEMORY: lambda use: use.peak_rss_bytes / MIB,
}
_ENDS_WITH = {True: 3, False: 0}  # whether any row is rejected
Way = Callable[[], Use]


@dataclass(frozen=True)
class Case:
    """A file, and what everybody has to find in it.

    `columns` are its columns with their types (`time`, `long`, `double`, `string`), `required` those that no good row
    lacks, `null_values` the texts that are no value.
    """

    source: Path
    columns: Mapping[str, str]
    required: Sequence[str]
    null_values: Sequence[str]
    rows: int
    rejected: int


def ours(case: Case, *, rows_out: Path | None = None) -> Use:
    """The command as a user runs it; with `rows_out` it leaves the good rows there, gzipped.

    Raises:
        WrongAnswerError: it counts other rows than there are.
    """
    command = [sys.executable, "-m", "services.cli", "validate", str(case.source), "-o", "json"]
    command += ["--rows-out", str(rows_out)] if rows_out else []
    done = run(command)
    if rows_out:
        rows_out.unlink(missing_ok=True)
    if done.code != _ENDS_WITH[case.rejected > 0]:
        msg = f"ingest validate ended with {done.code}: {(done.stderr or done.stdout).strip()[-500:]}"
        raise WrongAnswerError(msg)
    rows = json.loads(done.stdout)["rows"]
    _check("ingest validate", case, rows["read"], rows["rejected"])
    return done.use


def peer(name: str, case: Case, *, python: Path | None = None) -> Use:
    """A program of `benchmarks/peers`, by another interpreter if one is named.

    Raises:
        WrongAnswerError: it fails, or counts other rows than there are.
    """
    request: dict[str, Any] = {
        "source": str(case.source),
        "columns": dict(case.columns),
        "required": list(case.required),
        "null_values": list(case.null_values),
    }
    done: Run = run([str(python or sys.executable), str(PEERS / f"{name}.py")], given=json.dumps(request))
    if done.code:
        msg = f"{name} ended with {done.code}: {done.stderr.strip()[-500:]}"
        raise WrongAnswerError(msg)
    answer = json.loads(done.stdout)
    _check(name, case, answer["rows"], answer["rejected"])
    return done.use


def in_turn(bench: Bench, what: str, ways: Mapping[str, Way], *, runs: int | None = None) -> dict[str, list[Use]]:
    """What each way used, run by run; by default as often as the scale says."""
    uses: dict[str, list[Use]] = {name: [] for name in ways}
    runs = runs or bench.scale.validations
    for number in range(1, runs + 1):
        for name, way in ways.items():
            uses[name].append(way())
        seconds = ", ".join(f"{name} {used[-1].seconds:.1f} s" for name, used in uses.items())
        bench.say(f"{what}, {number} of {runs}: {seconds}")
    return uses


def middle(uses: Sequence[Use], what: str) -> float:
    """The median of `WALL`, `CPU` or `MEMORY`."""
    return percentile([_OF[what](use) for use in uses], 50)


def figures(
    name: str, mine: Sequence[Use], other: Sequence[Use], aims: Mapping[str, Aim], **details: Any
) -> list[Figure]:
    """Wall, CPU and memory of one of our ways beside those of a peer; `aims` are by the first three words above."""
    return [
        Figure(f"{name}: {what}", middle(mine, what), middle(other, what), aims.get(what), details)
        for what in (WALL, CPU, MEMORY)
    ]


def room_for(bench: Bench, needed_bytes: float) -> None:
    """Raise `WrongAnswerError` when the scratch folder's disk has not this much room."""
    free = shutil.disk_usage(bench.scratch).free
    if free < needed_bytes:
        msg = f"{needed_bytes / 1e9:.1f} GB are needed below {bench.scratch}, and {free / 1e9:.1f} are free"
        raise WrongAnswerError(msg)


def _check(who: str, case: Case, rows: int, rejected: int) -> None:
    if (rows, rejected) != (case.rows, case.rejected):
        msg = f"{who} read {rows} rows and rejected {rejected}; there are {case.rows}, and {case.rejected} are bad"
        raise WrongAnswerError(msg)
