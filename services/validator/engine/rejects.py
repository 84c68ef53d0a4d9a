"""Every bad row with raw text, fields and errors: `rejects.ndjson.gz`, and a bounded sample for the report."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from pydantic import JsonValue

from .block import Place, RowError
from .sink import GzipSink
from .verdict import RejectsFile

REJECTS_NAME = "rejects.ndjson.gz"
_SAMPLE_CHARS = 200
_BUFFER_LINES = 10_000
# json.dumps would build an encoder for every row.
_encode = json.JSONEncoder(ensure_ascii=False).encode


class RejectsWriter:
    """Takes bad rows in file order. The file exists only if there is one."""

    def __init__(self, output_dir: Path, max_samples: int) -> None:
        self._path = output_dir / REJECTS_NAME
        self._max_samples = max_samples
        self._sink: GzipSink | None = None
        self._lines: list[str] = []
        self.counts: Counter[str] = Counter()
        self.totals: Counter[tuple[str, str | None]] = Counter()
        self.samples: dict[str, list[JsonValue]] = {}
        self.rows = 0

    def write(self, place: Place, fields: list[str] | dict[str, str], error: RowError) -> None:
        """Take one bad row. `fields` is a list where the row does not have the header's shape."""
        stated: dict[str, JsonValue] = {"code": error.code, "column": error.column, "message": error.message}
        if error.suggestion is not None:
            stated["suggestion"] = error.suggestion
        line = {
            "record": place.record,
            "line": place.line,
            "byte_offset": place.byte_offset,
            "raw": place.raw,
            "fields": fields,
            "errors": [stated],
        }
        self._lines.append(_encode(line))
        self.rows += 1
        self.counts[error.code] += 1
        self.totals[error.code, error.column] += 1
        samples = self.samples.setdefault(error.code, [])
        if len(samples) < self._max_samples:
            where: dict[str, JsonValue] = {"record": place.record, "line": place.line}
            samples.append({**where, **stated, "raw": place.raw[:_SAMPLE_CHARS]})
        if len(self._lines) >= _BUFFER_LINES:
            self.flush()

    def flush(self) -> None:
        """Hand on what was taken so far, to keep memory flat."""
        if not self._lines:
            return
        if self._sink is None:
            self._sink = GzipSink(self._path)
        self._sink.write(("\n".join(self._lines) + "\n").encode())
        self._lines = []

    def close(self) -> RejectsFile | None:
        """Finish the file; None when no row was bad."""
        self.flush()
        if self._sink is None:
            return None
        self._sink.close()
        return RejectsFile(name=self._path.name, rows=self._sink.rows, bytes=self._sink.bytes, sha256=self._sink.sha256)
