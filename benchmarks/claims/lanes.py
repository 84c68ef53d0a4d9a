"""A file of 50 KB, from its first byte to VALIDATED, while two large ones are being validated, and without them."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, WrongAnswerError, percentile, summary
from benchmarks.generated import BYTES_PER_ROW, write_table
from benchmarks.pacing import until
from benchmarks.validating import room_for
from sandbox.installation import Installation

SMALL_BYTES = 50_000
PATIENCE_SECONDS = 1_800.0
# As many as the validator has workers: without a place of its own the small file would wait for one of them.
LARGE_FILES = 2
SHORT_DELAY = Aim(Of.EXCESS, 3)
# On both disks at once: the table, its two objects, two copies that are read, and the parts of both.
_ROOM = 8


def measure(bench: Bench) -> list[Figure]:
    """The median and the longest, with the large files on their way and before them."""
    large_bytes, count = bench.scale.lane_file_bytes, bench.scale.lane_small_files
    room_for(bench, large_bytes * _ROOM)
    large = write_table(bench.scratch / "large.csv", round(large_bytes / BYTES_PER_ROW)).path
    small = write_table(bench.scratch / "small.csv", round(SMALL_BYTES / BYTES_PER_ROW)).path
    with bench.installed("gateway", "validator", "projector") as installation:
        tasks = _Tasks(installation)
        tasks.seconds(small)
        alone = [tasks.seconds(small) for _ in range(count)]
        bench.say(f"{count} files of 50 KB alone: {percentile(alone, 50):.2f} s")
        on_their_way = [tasks.send(large) for _ in range(LARGE_FILES)]
        tasks.wait(on_their_way[0], "VALIDATING")
        beside = [tasks.seconds(small) for _ in range(count)]
        bench.say(
            f"{count} files of 50 KB beside {LARGE_FILES} of {large_bytes:,} bytes: {percentile(beside, 50):.2f} s"
        )
        if tasks.status(on_their_way[-1]) == "VALIDATED":
            msg = "the large files were validated before the small ones: they must be larger"
            raise WrongAnswerError(msg)
    large.unlink()
    details = {"ours_s": summary(beside), "peer_s": summary(alone), "large_bytes": large_bytes}
    return [
        Figure("median, s", percentile(beside, 50), percentile(alone, 50), SHORT_DELAY, details),
        Figure("longest, s", max(beside), max(alone), SHORT_DELAY),
    ]


class _Tasks:
    """Files of one installation that has no submitter, so that VALIDATED is where they stay."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._gateway = installation.gateway()

    def send(self, path: Path) -> str:
        return str(
            self._gateway.upload(path, {"datasource_name": self._installation.datasource()}, lambda _: None)["task_id"]
        )

    def seconds(self, path: Path) -> float:
        started = time.perf_counter()
        self.wait(self.send(path), "VALIDATED")
        return time.perf_counter() - started

    def status(self, task_id: str) -> str:
        return str(self._gateway.task(task_id)["status"])

    def wait(self, task_id: str, wanted: str) -> None:
        until(lambda: self._is(task_id, wanted), patience_seconds=PATIENCE_SECONDS)

    def _is(self, task_id: str, wanted: str) -> bool:
        status = self.status(task_id)
        if status in {"FAILED", "REJECTED"}:
            msg = f"a task is {status}: {self._gateway.task(task_id)['error_message']}"
            raise WrongAnswerError(msg)
        return status == wanted


CLAIM = Claim("lanes", "50 KB to VALIDATED, with two large files on their way", "without them", measure)
