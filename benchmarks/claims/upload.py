"""Bytes through the gateway, beside the same bytes put into the same bucket directly; and what memory that takes.

The gateway stands alone: no validator hears of the files.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, WrongAnswerError, percentile
from benchmarks.files import write_noise
from benchmarks.peers import ask
from benchmarks.processes import peak_rss_bytes
from benchmarks.rounds import alternate
from benchmarks.scale import MIB
from benchmarks.sending import send
from sandbox.installation import Installation

MB = 1_000_000
KEPT_SPEED = Aim(Of.RATIO, 0.7, at_least=True)
FLAT_MEMORY = Aim(Of.OURS, 200)


class _Uploads:
    """Uploads of one file, both ways; objects are removed as soon as they are seen to be whole."""

    def __init__(self, bench: Bench, installation: Installation, path: Path) -> None:
        self._profile = dict(bench.profile)
        self._installation = installation
        self._path = path
        with path.open("rb") as file:
            self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.size_bytes = path.stat().st_size
        self.peer_peaks: list[float] = []

    def through_gateway(self) -> float:
        """MB/s, to the answer with the right digest."""
        port, headers = self._installation.ports["gateway"], self._installation.credentials
        seconds, answer = send(self._path, port=port, datasource="bench", headers=headers)
        if (answer["sha256"], answer["file_size"]) != (self._sha256, self.size_bytes):
            msg = f"another file was accepted than was sent: {answer}"
            raise WrongAnswerError(msg)
        self._remove(f"uploads/{answer['task_id']}.csv")
        return self.size_bytes / seconds / MB

    def directly(self) -> float:
        """MB/s, by a process of its own."""
        key = f"direct/{secrets.token_hex(4)}"
        request: dict[str, Any] = {"profile": self._profile, "bucket": self._installation.bucket}
        answer = ask("direct_upload", {**request, "path": str(self._path), "key": key})
        if answer["size_bytes"] != self.size_bytes:
            msg = f"{answer['size_bytes']} bytes were stored directly, not {self.size_bytes}"
            raise WrongAnswerError(msg)
        self._remove(key)
        self.peer_peaks.append(answer["peak_rss_bytes"] / MIB)
        return float(self.size_bytes / answer["seconds"] / MB)

    def _remove(self, key: str) -> None:
        asyncio.run(self._checked_and_removed(key))

    async def _checked_and_removed(self, key: str) -> None:
        bucket = self._installation.bucket
        async with self._installation.servers.s3() as s3:
            found = await s3.head_object(Bucket=bucket, Key=key)
            await s3.delete_object(Bucket=bucket, Key=key)
        if found["ContentLength"] != self.size_bytes:
            msg = f"{key} has {found['ContentLength']} bytes, not {self.size_bytes}"
            raise WrongAnswerError(msg)


def measure(bench: Bench) -> list[Figure]:
    """Speed and peak memory at two sizes, each with a gateway that was just started."""
    scale = bench.scale
    figures: list[Figure] = []
    with bench.installed("gateway") as installation:
        for size_bytes, runs, aim in (
            (scale.medium_upload_bytes, scale.medium_uploads, None),
            (scale.large_upload_bytes, scale.large_uploads, KEPT_SPEED),
        ):
            path = write_noise(bench.scratch, size_bytes)
            installation.restart("gateway")
            uploads = _Uploads(bench, installation, path)
            name = f"{size_bytes // MIB:,} MiB"
            ours, peer = alternate(bench, name, runs, uploads.through_gateway, uploads.directly, unit="MB/s")
            peak = peak_rss_bytes(installation.pids["gateway"]) / MIB
            path.unlink()
            figures += [
                Figure(f"{name}, MB/s", *_medians(ours, peer), aim, {"all": {"ours": ours, "peer": peer}}),
                Figure(f"{name}, peak RSS, MiB", peak, max(uploads.peer_peaks), FLAT_MEMORY),
            ]
    return figures


def _medians(ours: list[float], peer: list[float]) -> tuple[float, float]:
    return percentile(ours, 50), percentile(peer, 50)


CLAIM = Claim("upload", "Upload through the gateway", "aioboto3 upload_file of the same file", measure)
