"""What a claim is given: the servers, its size, a folder, and installations of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale import Scale
from sandbox.installation import SERVICES, Installation


@dataclass(frozen=True)
class Bench:
    """One run. `profile` are the variables of the servers; everything in `scratch` is removed at the end."""

    profile: Mapping[str, str]
    scale: Scale
    scratch: Path

    def say(self, line: str) -> None:
        """Print a line of progress."""
        print(f"  {line}", flush=True)

    @contextmanager
    def installed(self, *services: str) -> Iterator[Installation]:
        """Services of this claim's own (all five if none is named), with settings as they are by default.

        Database, bucket, topics, datasources and processes are gone afterwards, whatever happens inside.
        """
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            running = Installation(self.profile, Path(folder), kind="bench", more={})
            try:
                running.create(services or SERVICES)
                yield running
            finally:
                running.destroy()
