"""Canonical parts: NDJSON lines in file order, cut between rows by size before compression."""

from __future__ import annotations

from pathlib import Path

from .sink import GzipSink
from .verdict import Part


class PartWriter:
    """Writes `part-00000.json.gz`, … into a folder. A part is larger than `part_bytes` only if it is a single row."""

    def __init__(self, output_dir: Path, part_bytes: int) -> None:
        self._output_dir = output_dir
        self._part_bytes = part_bytes
        self._open: GzipSink | None = None
        self._parts: list[Part] = []

    def write(self, lines: bytes) -> None:
        """Take whole NDJSON lines."""
        while lines:
            filled = self._open.uncompressed_bytes if self._open else 0
            room = self._part_bytes - filled
            if len(lines) <= room:
                self._sink().write(lines)
                return
            cut = lines.rfind(b"\n", 0, max(room, 0)) + 1
            if not cut and not filled:
                cut = lines.index(b"\n") + 1
            if cut:
                self._sink().write(lines[:cut])
                lines = lines[cut:]
            self._finish()

    def close(self) -> tuple[Part, ...]:
        """Finish the last part and list all."""
        self._finish()
        return tuple(self._parts)

    def discard(self) -> None:
        """Remove every part that was written."""
        for part in self.close():
            (self._output_dir / part.name).unlink()
        self._parts = []

    def _sink(self) -> GzipSink:
        if self._open is None:
            self._open = GzipSink(self._output_dir / f"part-{len(self._parts):05d}.json.gz")
        return self._open

    def _finish(self) -> None:
        if self._open is None:
            return
        sink, self._open = self._open, None
        sink.close()
        self._parts.append(
            Part(
                name=sink.path.name,
                rows=sink.rows,
                bytes=sink.bytes,
                uncompressed_bytes=sink.uncompressed_bytes,
                sha256=sink.sha256,
            )
        )
