"""The cache of downloads: filled once, shared by every checkout, each entry whole or absent."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stack import process
from stack.artifact import ARTIFACTS, Artifact, build_environment, readable_by_all, size_bytes
from stack.console import say, waiting
from stack.locks import exclusive

_SCRATCH = "fetching-"
_MEGABYTE = 1_000_000


def folder(cache: Path, name: str) -> Path:
    """Give the folder of the artifact `name`, whether it is there or not."""
    return cache / ARTIFACTS[name].folder


def missing(cache: Path, names: Iterable[str]) -> list[Artifact]:
    """List the artifacts among `names` that are not in the cache yet, each once."""
    return [ARTIFACTS[name] for name in dict.fromkeys(names) if not folder(cache, name).is_dir()]


def fetch(cache: Path, names: Iterable[str]) -> None:
    """Bring what is missing into the cache. Calls neither Maven nor Go when nothing is.

    Raises:
        FetchError: a tool failed; what was finished before stays.

    """
    wanted = list(names)
    if not missing(cache, wanted):
        return
    with exclusive(cache / "lock", what="fills the download cache"):
        _end_leftovers(cache)
        todo = missing(cache, wanted)
        say(f"downloading {', '.join(a.name for a in todo)} into {cache}, once")
        pending = [artifact.name for artifact in todo]

        def bring(artifacts: list[Artifact]) -> None:
            for artifact in artifacts:
                _bring(cache, artifact)
                pending.remove(artifact.name)

        # Maven's local repository wants one writer; Go has nothing in common with it.
        chains = [[a for a in todo if a.tool == tool] for tool in ("mvn", "go")]
        with waiting(lambda: f"downloading {', '.join(pending)}"), ThreadPoolExecutor(len(chains)) as pool:
            for future in [pool.submit(bring, chain) for chain in chains]:
                future.result()


def _bring(cache: Path, artifact: Artifact) -> None:
    started = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=cache))
    try:
        target = scratch / "target"
        target.mkdir()
        artifact.build(target, scratch, build_environment({process.MARK_STACK: str(cache)}))
        readable_by_all(target)
        megabytes = size_bytes(target) / _MEGABYTE
        target.rename(cache / artifact.folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    elapsed_s = time.monotonic() - started
    say(f"  {artifact.name:<10} {artifact.version:<8} {megabytes:7.1f} MB {elapsed_s:6.1f} s")


def _end_leftovers(cache: Path) -> None:
    """End the tools and remove the folders that a killed launcher left; we hold the lock, so nobody else uses them."""
    process.stop(process.scan(cache), with_signal=signal.SIGKILL, grace_s=0)
    for scratch in cache.glob(f"{_SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)
