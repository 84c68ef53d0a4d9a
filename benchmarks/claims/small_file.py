"""A file of 1,000 rows from its first byte to COMPLETED, beside the same file posted to Druid by hand."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, percentile, summary
from benchmarks.files import SMALL_ROWS, SMALL_TIME, write_small
from benchmarks.loading import loading
from benchmarks.rounds import alternate

LITTLE_OVER = Aim(Of.EXCESS, 2)


def measure(bench: Bench) -> list[Figure]:
    """The median and the 95th percentile."""
    path = write_small(bench.scratch)
    with bench.installed() as installation, loading(bench, installation) as both:
        ours, peer = alternate(
            bench,
            "1,000 rows",
            bench.scale.small_loads,
            lambda: both.ours(path, SMALL_ROWS),
            lambda: both.by_hand(path, SMALL_ROWS, SMALL_TIME),
        )
    details = {"ours_s": summary(ours), "peer_s": summary(peer)}
    return [
        Figure("p50, s", percentile(ours, 50), percentile(peer, 50), LITTLE_OVER, details),
        Figure("p95, s", percentile(ours, 95), percentile(peer, 95)),
    ]


CLAIM = Claim("small-file", "1,000 rows, upload to proof", "a task posted by hand, polled to its count", measure)
