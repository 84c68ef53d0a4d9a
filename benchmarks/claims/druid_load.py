"""3.4 million flights to rows that are proven, in order of time and as late events come, beside raw CSV into Druid."""

from __future__ import annotations

from pathlib import Path

from benchmarks import ten_years
from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, percentile, summary
from benchmarks.files import FLIGHTS_COLUMNS
from benchmarks.loading import Loading, loading
from benchmarks.rounds import alternate
from benchmarks.stays import in_words, mean_stays

NO_DEARER = Aim(Of.RATIO, 1.1)


def measure(bench: Bench) -> list[Figure]:
    """The median and the longest of either file; the details say how long ours was in each state."""
    files = {
        "late": ten_years.late(bench.scale.flights_copies),
        "in order": ten_years.ordered(bench.scale.flights_copies),
    }
    with bench.installed() as installation, loading(bench, installation) as both:
        return [figure for name, path in files.items() for figure in _figures(bench, both, name, path)]


def _figures(bench: Bench, both: Loading, name: str, path: Path) -> list[Figure]:
    rows, tasks = ten_years.rows_of(bench.scale.flights_copies), []

    def through() -> float:
        seconds, task = both.ours_with_task(path, rows)
        tasks.append(task)
        return seconds

    ours, peer = alternate(
        bench, name, bench.scale.druid_loads, through, lambda: both.by_hand(path, rows, FLIGHTS_COLUMNS)
    )
    stays = mean_stays(tasks[1:])  # the first pair is thrown away
    bench.say(f"{name}, s in each state: {in_words(stays)}")
    details = {"rows": rows, "ours_s": ours, "peer_s": peer, "ours_stays_s": stays}
    return [
        Figure(f"{name}: median, s", percentile(ours, 50), percentile(peer, 50), NO_DEARER, details),
        Figure(f"{name}: longest, s", summary(ours)["max"], summary(peer)["max"]),
    ]


CLAIM = Claim("druid-load", "3.4 million rows, upload to proof", "raw CSV posted to Druid by hand", measure)
