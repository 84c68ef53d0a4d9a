"""Many files of 1,000 rows sent at once, until the last is COMPLETED, beside as many tasks posted to Druid by hand."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Figure
from benchmarks.files import SMALL_COLUMNS, SMALL_ROWS, write_small
from benchmarks.loading import loading
from benchmarks.stays import in_words, mean_stays

SECONDS_PER_MINUTE = 60


def measure(bench: Bench) -> list[Figure]:
    """One run of each side, after one file of each; the details say how long a file was in each state, on average."""
    count = bench.scale.many_files
    paths = [write_small(bench.scratch, number) for number in range(count)]
    with bench.installed() as installation, loading(bench, installation) as both:
        both.ours(paths[0], SMALL_ROWS)
        both.by_hand(paths[0], SMALL_ROWS, SMALL_COLUMNS)
        ours, tasks = both.many_ours(paths, SMALL_ROWS)
        peer = both.many_by_hand(paths, SMALL_ROWS, SMALL_COLUMNS)
    stays = mean_stays(tasks)
    bench.say(f"{count} files: ours {ours:.1f} s, peer {peer:.1f} s; mean s in each state: {in_words(stays)}")
    details = {"files": count, "ours_s": ours, "peer_s": peer, "ours_stays_s": stays}
    minutes = [seconds / SECONDS_PER_MINUTE for seconds in (ours, peer)]
    return [
        Figure("files a minute", count / minutes[0], count / minutes[1], None, details),
        Figure("until the last is there, s", ours, peer),
    ]


CLAIM = Claim("druid-many", "200 files of 1,000 rows at once", "as many tasks posted by hand", measure)
