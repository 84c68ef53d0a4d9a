"""The writer of bad rows keeps little in memory, however long the rows are."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.validator.engine import Code
from services.validator.engine.block import Place, RowError
from services.validator.engine.rejects import FLUSH_BYTES, RejectsWriter
from services.validator.engine.sink import GzipSink
from tests.verdicts.judging import read_ndjson

MIB = 1024 * 1024
BAD = RowError(Code.FIELD_COUNT, "too many", None)


@pytest.mark.parametrize("letter", ["x", "ß", "\N{GRINNING FACE}"])
def test_long_rows_are_handed_on_by_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    pieces: list[int] = []
    write = GzipSink.write

    def watched(sink: GzipSink, piece: bytes) -> None:
        pieces.append(len(piece))
        write(sink, piece)

    monkeypatch.setattr(GzipSink, "write", watched)
    writer = RejectsWriter(tmp_path, 20)
    raw = letter * (MIB // len(letter.encode()))
    for number in range(20):
        writer.write(Place(number, number, number, raw), [raw], [BAD])
    found = writer.close()
    assert found is not None
    assert found.rows == 20
    assert sum(pieces) > 40 * MIB
    assert max(pieces) < FLUSH_BYTES + 3 * MIB
    assert [line["fields"] for line in read_ndjson(tmp_path / found.name)] == [[raw]] * 20
