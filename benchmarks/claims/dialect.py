"""Which delimiter and header is found in files of known truth, beside DuckDB's sniffer and clevercsv."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import duckdb

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of
from benchmarks.scale import QUICK
from benchmarks.sniffing import Finder, Tally, by_clevercsv, ours, peers, tally, write_files
from sandbox.installation import ROOT
from services.validator.engine.formats.compression import HEAD_BYTES
from tests.verdicts.cases.dialects import CORPUS, Written

ROUNDS = 10
AS_MANY = Aim(Of.RATIO, 1, at_least=True)
NEVER = Aim(Of.OURS, 0)
_IMPORT = "import time; started = time.perf_counter(); import {}; print(time.perf_counter() - started)"


def measure(bench: Bench) -> list[Figure]:
    """Files with each outcome; the JSON names those with a wrong answer or none. Ours imports nothing more."""
    rounds = 1 if bench.scale == QUICK else ROUNDS
    folder = bench.scratch / "dialects"
    folder.mkdir()
    files = write_files(folder, CORPUS)
    bench.say(f"{len(files)} files")
    own = tally(ours, files, rounds=rounds)
    figures: list[Figure] = []
    with duckdb.connect() as connection:
        for name, finder in peers(connection).items():
            bench.say(name)
            figures += _figures(name, own, tally(finder, files, rounds=rounds))
    figures.append(_whole_head(bench, min(rounds, 3)))
    figures += [Figure(f"{name}: import, ms", 0, _import_ms(name, rounds)) for name in ("duckdb", "clevercsv")]
    return figures


def _figures(name: str, own: Tally, peer: Tally) -> Iterator[Figure]:
    yield Figure(f"{name}: right", len(own.right), len(peer.right), AS_MANY)
    wrong = {"ours_files": own.wrong, "peer_files": peer.wrong}
    yield Figure(f"{name}: wrong", len(own.wrong), len(peer.wrong), NEVER, wrong)
    none = {"ours_files": own.none, "peer_files": peer.none}
    yield Figure(f"{name}: none", len(own.none), len(peer.none), details=none)
    yield Figure(f"{name}: header right", len(own.header_right), len(peer.header_right), AS_MANY)
    wrong = {"ours_files": own.header_wrong, "peer_files": peer.header_wrong}
    yield Figure(f"{name}: header wrong", len(own.header_wrong), len(peer.header_wrong), details=wrong)
    yield Figure(f"{name}: ms", own.milliseconds, peer.milliseconds)


def _whole_head(bench: Bench, rounds: int) -> Figure:
    """As much of a table as the engine looks at."""
    lines = "".join(f"{number}^word {number}, and more^{number * 3.5}\n" for number in range(HEAD_BYTES // 20))
    files = write_files(bench.scratch, [Written("head", f"id^text^n\n{lines}".encode()[:HEAD_BYTES], "^", 3)])

    def milliseconds(finder: Finder) -> float:
        return tally(finder, files, rounds=rounds).milliseconds

    return Figure(f"clevercsv: {HEAD_BYTES >> 10} KiB, ms", milliseconds(ours), milliseconds(by_clevercsv))


def _import_ms(module: str, rounds: int) -> float:
    """The least of as many fresh processes."""
    command = [sys.executable, "-c", _IMPORT.format(module)]
    runs = [subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True) for _ in range(rounds)]  # noqa: S603  # our own interpreter
    return 1000 * min(float(run.stdout) for run in runs)


CLAIM = Claim(
    "dialect", "Delimiters and headers, files of known truth", "DuckDB, clevercsv", measure, needs_servers=False
)
