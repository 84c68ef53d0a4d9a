"""The flights of 2013 (336,776 rows) from the first byte to COMPLETED, beside the same file posted by hand."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Figure, percentile, summary
from benchmarks.files import FLIGHTS_COLUMNS, FLIGHTS_ROWS
from benchmarks.loading import loading
from benchmarks.rounds import alternate
from demo import data


def measure(bench: Bench) -> list[Figure]:
    """The median; the runs are too few for more."""
    path, _ = data.fetch()
    with bench.installed() as installation, loading(bench, installation) as both:
        ours, peer = alternate(
            bench,
            "flights",
            bench.scale.flights_loads,
            lambda: both.ours(path, FLIGHTS_ROWS),
            lambda: both.by_hand(path, FLIGHTS_ROWS, FLIGHTS_COLUMNS),
        )
    details = {"ours_s": ours, "peer_s": peer}
    return [
        Figure("median, s", percentile(ours, 50), percentile(peer, 50), None, details),
        Figure("longest, s", summary(ours)["max"], summary(peer)["max"]),
    ]


CLAIM = Claim("flights", "336,776 rows, upload to proof", "a task posted by hand, polled to its count", measure)
