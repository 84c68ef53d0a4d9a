"""For any table of text, in any dialect: nothing is lost, nothing is changed, and what is broken is rejected.

A few examples each; `test_at_length.py` draws many.
"""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.validator.engine import ParseLimits, source
from services.validator.engine.recount import Count, count_records
from tests.verdicts.breaking import FAULTS, LONGEST, Dialect, write
from tests.verdicts.cases.case import Bad
from tests.verdicts.judging import Judge

# The check measures wall-clock time, which on a busy machine says nothing about the strategies.
BUSY_MACHINE = [HealthCheck.too_slow]
# NUL is refused as binary and lone surrogates have no UTF-8; whatever else text may hold is drawn, trouble more often.
CELL = st.text(
    st.one_of(
        st.sampled_from(list("\",;|\t\n\r\\'$x 1.-N\u2028\x85\x1c")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=8,
)
TYPED = st.one_of(CELL, st.sampled_from(["NA", "null", "007", "1e3", "9223372036854775808", "-", "2024-01-01", ""]))
DIALECTS = st.tuples(
    st.sampled_from([",", ";", "|", "\t", "~", "¦"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)


def written_by_csv(rows: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    # Before Python 3.13 csv.writer leaves a CR or LF unquoted that is not its own line end; no reader can undo that.
    if any("\r" in cell or "\n" in cell for row in rows for cell in row):
        quoting = csv.QUOTE_ALL
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]  # one of the constants
    return out.getvalue()


TABLES: dict[str, st.SearchStrategy[Any]] = {
    "table": st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(TYPED, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    "dialect": DIALECTS,
    "chunk": st.sampled_from([7, 64, source.CHUNK_BYTES]),
}
TEXTS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.sampled_from(list('",\n\rab')), max_size=60),
    "limit": st.sampled_from([8, 20, 1_000]),
    "chunk": st.sampled_from([5, 16, source.CHUNK_BYTES]),
}


def parts_return_the_cells(table: list[list[str]], dialect: tuple[str, str, int], chunk: int) -> None:
    width = len(table[0])
    header = ["when", *(f"col{n}" for n in range(width))]
    # "word" makes each column text, so that cells come back letter by letter.
    rows = [["2024-01-01T00:00:00Z", *cells] for cells in [*table, ["word"] * width]]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        outcome = Judge(Path(folder))(
            written_by_csv([header, *rows], *dialect),
            delimiter=dialect[0],
            timestamp_column="when",
            timestamp_format="iso",
        )
        verdict = outcome.accepted
        assert verdict.rows_accepted + verdict.rows_rejected == verdict.rows_read == verdict.second_count == len(rows)
        assert verdict.rows_rejected == 0
        returned = [[row[name] or "" for name in header[1:]] for row in outcome.rows]
        assert returned == [cells[1:] for cells in rows]


def both_readers_agree(text: str, limit: int, chunk: int) -> None:
    content = "ts,a\n" + text
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        outcome = Judge(Path(folder))(
            content, delimiter=",", limits=ParseLimits(max_record_bytes=limit), max_rejected_ratio=1
        )
        assert outcome.code in {"no_rows", "no_valid_rows", "timestamp_missing", "limit_record", "quote"}


BROKEN: dict[str, st.SearchStrategy[Any]] = {
    "table": st.integers(1, 3).flatmap(
        lambda n: st.lists(
            st.tuples(st.lists(TYPED, min_size=n, max_size=n), st.none() | st.sampled_from(sorted(FAULTS))),
            min_size=1,
            max_size=8,
        )
    ),
    "dialect": st.builds(
        Dialect,
        quote=st.sampled_from(['"', "'", "$", "`"]),
        delimiter=st.sampled_from([",", ";", "|", "\t", "~", "¦"]),
        ends=st.sampled_from([("\n",), ("\r\n",), ("\r",), ("\n", "\r\n")]),
        quote_all=st.booleans(),
        escape=st.sampled_from([None, "\\", "^"]),
        comment=st.sampled_from([None, "#", "//"]),
        header=st.booleans(),
        before=st.integers(0, 2),
        gap=st.sampled_from([0, 1, 3]),
    ),
    "chunk": st.sampled_from([7, 64, source.CHUNK_BYTES]),
}
UNQUOTED: dict[str, st.SearchStrategy[Any]] = {
    **BROKEN,
    "dialect": BROKEN["dialect"].map(lambda dialect: replace(dialect, quote="", escape=None)),
}


def what_is_broken_is_rejected(table: list[tuple[list[str], str | None]], dialect: Dialect, chunk: int) -> None:
    """Accepted rows equal, rejected rows equal, none else."""
    width = len(table[0][0])
    if not dialect.quote:
        table = [
            ([dialect.holds(cell) for cell in cells], None if fault == "stray" else fault) for cells, fault in table
        ]
    names = ["when", *(f"col{n}" for n in range(width))]
    # "word" makes each column text, so that cells come back letter by letter.
    # They are the most, which is what tells how many columns a file without a header has.
    words: list[tuple[list[str], str | None]] = [(["word"] * width, None)] * (len(table) + 1)
    rows = [(["2024-01-01T00:00:00Z", *cells], fault) for cells, fault in [*table, *words]]
    written = write(names, rows, dialect)
    if not dialect.header:
        names = [f"column_{n}" for n in range(1, width + 2)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        outcome = Judge(Path(folder))(
            written.content,
            timestamp_column=names[0],
            timestamp_format="iso",
            limits=ParseLimits(max_record_bytes=LONGEST),
            max_rejected_ratio=1,
            **dialect.options,
        )
        verdict = outcome.accepted
        assert verdict.rows_read == verdict.second_count == len(rows)
        returned = [[row[name] or "" for name in names[1:]] for row in outcome.rows]
        assert returned == [cells[1:] for cells in written.accepted]
        found = [Bad(row["errors"][0]["code"], row["record"], row["line"]) for row in outcome.rejects]
        assert found == written.bad
        reading = outcome.reading
        assert (reading["blank_lines"], reading.get("comment_lines", 0)) == (written.blank_lines, written.comment_lines)


@settings(max_examples=80, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**BROKEN)
def test_what_is_broken_is_rejected(**drawn: Any) -> None:
    what_is_broken_is_rejected(**drawn)


@settings(max_examples=40, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**UNQUOTED)
def test_what_is_broken_is_rejected_where_nothing_quotes(**drawn: Any) -> None:
    what_is_broken_is_rejected(**drawn)


@settings(max_examples=40, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**TABLES)
def test_parts_return_the_cells(**drawn: Any) -> None:
    parts_return_the_cells(**drawn)


@settings(max_examples=80, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**TEXTS)
def test_both_readers_agree_on_any_bytes(**drawn: Any) -> None:
    both_readers_agree(**drawn)


def test_the_second_reader_would_notice() -> None:
    """It counts by itself: a record more in the bytes is a record more in the count."""
    data = b'h\n"a\nb"\nc\n\n"d'
    assert count_records(iter([(data, True)]), b",", 100) == Count(4, blank_lines=1)
    assert count_records(iter([(data + b'"\n\ne', True)]), b",", 100) == Count(5, blank_lines=2)
