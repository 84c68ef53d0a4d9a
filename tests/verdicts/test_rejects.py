"""The writer of bad rows keeps little in memory, however long the rows are."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.validator.engine import Code, ParseLimits
from services.validator.engine.block import Block, Place, RowError
from services.validator.engine.cutting import Cutter
from services.validator.engine.dialect import Dialect
from services.validator.engine.encoding_faults import EncodingFaults
from services.validator.engine.odd_lines import OddLines
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


@pytest.mark.parametrize("member", [None, "a.csv"])
@pytest.mark.parametrize("samples", [0, 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("odd_in", [1, 2, 7])
def test_lines_of_odd_width_are_written_as_if_one_by_one(
    tmp_path: Path, end: str, odd_in: int, samples: int, member: str | None
) -> None:
    kinds = ["ä", "b,c,d,e", "c\t,", "", "\\,\x01,\u2028,z,"]
    good = "1,2," + "x" * 60
    lines = [good if n % odd_in else kinds[n // odd_in % 5] for n in range(2_500)]
    text = (end.join(lines) + end).encode()
    cut = Cutter(Dialect(",", "declared"), 3, ParseLimits(), EncodingFaults(known=True)).cut(text, 0, 1, last=True)
    assert isinstance(cut.bad, OddLines)
    block = Block(5, 7, 11, cut.lines, cut.starts, cut.ends, cut.good, cut.frame, cut.bad, cut.blank_lines, member)
    one_by_one, at_once = tmp_path / "one by one", tmp_path / "at once"
    found = []
    for folder in (one_by_one, at_once):
        folder.mkdir()
        writer = RejectsWriter(folder, samples)
        if folder == at_once:
            for piece in cut.bad.pieces():
                writer.write_piece(block, piece)
        else:
            for bad in cut.bad:
                writer.write(block.place(bad.ordinal), bad.fields, [bad.error])
        written = writer.close()
        assert written is not None
        rows = read_ndjson(folder / written.name)
        found.append((rows, writer.problems.found(), str(writer.records), writer.counts, writer.rows))
    assert found[0] == found[1]
    assert found[0][4] == len(cut.bad) == sum(bool(line) for line in lines if line != good)
