"""A file of 1,000 rows from its first byte to COMPLETED, beside the same file posted to Druid by hand."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, percentile, summary
from benchmarks.files import SMALL_COLUMNS, SMALL_ROWS, write_small
from benchmarks.loading import loading
from benchmarks.rounds import alternate
from benchmarks.stays import in_words, mean_stays

USUALLY_LITTLE_OVER = Aim(Of.EXCESS, 1.5)
ALWAYS_LITTLE_OVER = Aim(Of.EXCESS, 3)


def measure(bench: Bench) -> list[Figure]:
    """The median and the 95th percentile; the details say how long ours was in each state."""
    path, tasks = write_small(bench.scratch), []
    with bench.installed() as installation, loading(bench, installation) as both:

        def through() -> float:
            seconds, task = both.ours_with_task(path, SMALL_ROWS)
            tasks.append(task)
            return seconds

        ours, peer = alternate(
            bench,
            "1,000 rows",
            bench.scale.small_loads,
            through,
            lambda: both.by_hand(path, SMALL_ROWS, SMALL_COLUMNS),
        )
    stays = mean_stays(tasks[1:])  # the first pair is thrown away
    bench.say(f"s in each state: {in_words(stays)}")
    details = {"ours_s": summary(ours), "peer_s": summary(peer), "ours_stays_s": stays}
    return [
        Figure("p50, s", percentile(ours, 50), percentile(peer, 50), USUALLY_LITTLE_OVER, details),
        Figure("p95, s", percentile(ours, 95), percentile(peer, 95), ALWAYS_LITTLE_OVER),
    ]


CLAIM = Claim("druid-small", "1,000 rows, upload to proof", "a task posted by hand, polled to its count", measure)
