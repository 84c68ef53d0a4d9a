"""The validator's engine in its child process, as the service runs it, beside DuckDB and Polars on the same file."""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Figure, WrongAnswerError, percentile
from benchmarks.files import FLIGHTS_ROWS, FLIGHTS_TIME, write_repeated
from benchmarks.peers import ask
from benchmarks.scale import MIB
from demo import data
from services.validator.engine import Accepted, ChildUsage, ParseRequest, run_child
from services.validator.settings import ValidatorOptions

MB = 1_000_000


@dataclass(frozen=True)
class _Use:
    """What one reading of the file took, from the start of the process to its end."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: float


def measure(bench: Bench) -> list[Figure]:
    """Medians of speed, CPU and memory, beside each of the two peers."""
    flights, _ = data.fetch()
    copies = bench.scale.flights_copies
    source = write_repeated(flights, bench.scratch, copies)
    rows = FLIGHTS_ROWS * copies
    ways: dict[str, Callable[[Path], float]] = {
        "ours": lambda folder: _ours(source, folder, rows),
        "DuckDB": lambda folder: _peer("duckdb_ndjson", source, folder, rows),
        "Polars": lambda folder: _peer("polars_ndjson", source, folder, rows),
    }
    uses: dict[str, list[_Use]] = {name: [] for name in ways}
    for run in range(1, bench.scale.validations + 1):
        for name, way in ways.items():
            uses[name].append(_used(bench, way))
        speeds = ", ".join(f"{name} {used[-1].seconds:.1f} s" for name, used in uses.items())
        bench.say(f"{rows:,} rows, {run} of {bench.scale.validations}: {speeds}")
    size_mb = source.stat().st_size / MB
    source.unlink()
    return [figure for peer in ("DuckDB", "Polars") for figure in _figures(peer, uses["ours"], uses[peer], size_mb)]


def _figures(name: str, ours: list[_Use], peer: list[_Use], size_mb: float) -> list[Figure]:
    def middle(side: list[_Use], of: Callable[[_Use], float]) -> float:
        return percentile([of(one) for one in side], 50)

    def figure(what: str, of: Callable[[_Use], float], **details: Any) -> Figure:
        return Figure(f"{name}: {what}", middle(ours, of), middle(peer, of), None, details)

    return [
        figure("speed, MB/s", lambda use: size_mb / use.seconds, file_mb=size_mb),
        figure("CPU, s", lambda use: use.cpu_seconds),
        figure("peak RSS, MiB", lambda use: use.peak_rss_bytes / MIB),
    ]


def _used(bench: Bench, way: Callable[[Path], float]) -> _Use:
    """Run one way in an empty folder; it gives the peak of its memory."""
    folder = bench.scratch / "validator"
    folder.mkdir()
    try:
        cpu, started = _children_cpu_seconds(), time.perf_counter()
        peak = way(folder)
        return _Use(time.perf_counter() - started, _children_cpu_seconds() - cpu, peak)
    finally:
        shutil.rmtree(folder)


def _ours(source: Path, folder: Path, rows: int) -> float:
    options = ValidatorOptions.model_construct()
    request = ParseRequest(
        source_path=source,
        original_filename="flights.csv",
        output_dir=folder,
        task_id="bench",
        limits=options.parse_limits(),
    )
    usages: list[ChildUsage] = []
    verdict = asyncio.run(run_child(request, options.child_limits(), report_usage=usages.append))
    if not isinstance(verdict, Accepted) or (verdict.rows_accepted, verdict.second_count) != (rows, rows):
        msg = f"the engine's verdict is {verdict.model_dump(include={'outcome', 'rows_read', 'problems'})}"
        raise WrongAnswerError(msg)
    return usages[0].peak_rss_bytes


def _peer(name: str, source: Path, folder: Path, rows: int) -> float:
    target = folder / "rows.json.gz"
    answer = ask(name, {"source": str(source), "target": str(target), "time_column": FLIGHTS_TIME})
    if (answer["rows"], answer["rejected"]) != (rows, 0):
        msg = f"{name} wrote {answer['rows']} rows and rejected {answer['rejected']}, of {rows}"
        raise WrongAnswerError(msg)
    return float(answer["peak_rss_bytes"])


def _children_cpu_seconds() -> float:
    """CPU of all processes that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


CLAIM = Claim("validator", "The validator alone, on the flights ten times", "DuckDB, and eager Polars", measure)
