"""`make bench`: every claim in order, or those that are named; a table at the end, and the same as JSON."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dotenv import dotenv_values

from benchmarks import results
from benchmarks.bench import Bench
from benchmarks.claim import Claim, Outcome
from benchmarks.claims import CLAIMS
from benchmarks.scale import FULL, QUICK, enlarged
from benchmarks.table import table
from shared.settings import find_profile


def main(arguments: Sequence[str]) -> int:
    """Measure; 1 when a claim has no figure, whatever the aims."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - {claim.name for claim in CLAIMS}:
        parser.error(f"no claim is called {', '.join(sorted(unknown))}")
    claims = [claim for claim in CLAIMS if not chosen.names or claim.name in chosen.names]
    profile_path = find_profile(Path.cwd())
    known = profile_path is not None and profile_path.is_file()
    if not known and any(claim.needs_servers for claim in claims):
        print("benchmarks: there is no profile; run `make up` first", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    profile = {name: value for name, value in dotenv_values(profile_path).items() if value} if known else {}
    scale = QUICK if chosen.quick else FULL
    scale = enlarged(scale) if chosen.large else scale
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="druid-ingest-bench-") as folder:
        bench = Bench(profile, scale, Path(folder))
        for claim in claims:
            outcomes.append(_measured(claim, bench))
            body = results.document(outcomes, measured_on=datetime.now(UTC).date(), quick=chosen.quick)
            results.write(chosen.json, body)
    print(table(outcomes))
    print(f"\nAlso in {os.path.relpath(chosen.json)}.")
    if chosen.quick:
        print("A quick run: these figures only show that the benchmarks work.")
    return 1 if any(outcome.error for outcome in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(claim.name for claim in CLAIMS))
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that the benchmarks work")
    parser.add_argument("--large", action="store_true", help="also a validation of 4 GB, and 4 GB in the large lane")
    parser.add_argument("--json", type=Path, default=results.LATEST, help="where to keep the figures")
    return parser


def _measured(claim: Claim, bench: Bench) -> Outcome:
    """Run one claim; what goes wrong in it is said, and keeps no other from being measured."""
    print(f"{claim.name}: {claim.title}", flush=True)
    load, started = os.getloadavg()[0], time.monotonic()
    try:
        outcome = Outcome(claim, claim.measure(bench), load)
    except Exception as error:  # noqa: BLE001  # whatever is raised, there is no figure
        why = _in_one_line(error)
        print(f"  NO FIGURE: {why}", file=sys.stderr, flush=True)
        return Outcome(claim, (), load, error=why)
    bench.say(f"done after {time.monotonic() - started:.0f} s")
    return outcome


def _in_one_line(error: Exception) -> str:
    """The first error, out of the group in which concurrent requests raise theirs."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return " ".join(f"{type(error).__name__}: {error}".split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
