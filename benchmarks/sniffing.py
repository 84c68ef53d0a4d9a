"""What finds the delimiter and the header of a file: ours, DuckDB, clevercsv, and one behind another.

No answer is also "one column" for a file that has several: whoever is told so can declare a delimiter. Another
delimiter than the file's, or any for a file of one column, is a wrong answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import clevercsv
import duckdb
from clevercsv.exceptions import NoDetectionResult

from services.validator.engine.dialect import find_dialect
from services.validator.engine.rare_delimiter import try_delimiter
from services.validator.engine.request import ParseOptions
from services.validator.engine.sample import lines_of, rows_of
from tests.verdicts.cases.dialects import Written

USUAL = {",", ";", "\t", "|", ":"}


@dataclass(frozen=True, slots=True)
class Answer:
    """`delimiter` is None where one column is seen, or nothing; `header` is None where it is not told."""

    delimiter: str | None
    header: bool | None


Finder = Callable[[bytes, Path], Answer]


@dataclass(frozen=True, slots=True)
class Tally:
    """Over a corpus: names of the files with each outcome, and the mean time of a file."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    none: tuple[str, ...]
    header_right: tuple[str, ...]
    header_wrong: tuple[str, ...]
    milliseconds: float


def ours(content: bytes, _: Path) -> Answer:
    """As the engine reads it."""
    dialect = find_dialect(content, complete=True, options=ParseOptions())
    rows = rows_of(lines_of(content, complete=True)[dialect.skip_lines :], dialect.delimiter)
    separates = bool(rows) and len(rows[0].cells) > 1
    return Answer(dialect.delimiter if separates else None, dialect.has_header)


def usual(content: bytes, path: Path) -> Answer:
    """Ours without the rare delimiters."""
    answer = ours(content, path)
    return answer if answer.delimiter in USUAL else Answer(None, answer.header)


def by_duckdb(connection: duckdb.DuckDBPyConnection, _: bytes, path: Path) -> Answer:
    """`sniff_csv`, which only reads files."""
    query = "SELECT Delimiter, HasHeader, len(Columns) FROM sniff_csv(?)"
    try:
        row = connection.execute(query, [str(path)]).fetchone()
    except duckdb.Error:
        row = None
    return Answer(row[0] if row[2] > 1 else None, row[1]) if row else Answer(None, None)


def by_clevercsv(content: bytes, _: Path) -> Answer:
    """Its `Sniffer` as documented; asked for the header, it looks for the dialect again."""
    text = content.decode()
    try:
        dialect = clevercsv.Sniffer().sniff(text)
        header = clevercsv.Sniffer().has_header(text)
    except (clevercsv.Error, NoDetectionResult):
        return Answer(None, None)
    return Answer(dialect.delimiter or None if dialect else None, header)


def checked(content: bytes, path: Path) -> Answer:
    """Clevercsv, believed where the rules for rare delimiters find its delimiter certain."""
    answer = by_clevercsv(content, path)
    lines = lines_of(content, complete=True)
    found = try_delimiter(lines, answer.delimiter) if answer.delimiter else None
    return Answer(answer.delimiter if found and found.certain else None, answer.header)


def behind(first: Finder, second: Finder) -> Finder:
    """The second where the first sees one column or nothing, and the second more."""

    def find(content: bytes, path: Path) -> Answer:
        answer = first(content, path)
        if answer.delimiter is not None:
            return answer
        other = second(content, path)
        return other if other.delimiter is not None else answer

    return find


def peers(connection: duckdb.DuckDBPyConnection) -> dict[str, Finder]:
    """What ours is measured beside."""
    by_duck = partial(by_duckdb, connection)
    return {
        "DuckDB": by_duck,
        "clevercsv": by_clevercsv,
        "DuckDB, clevercsv": behind(by_duck, by_clevercsv),
        "five usual": usual,
        "five, clevercsv": behind(usual, by_clevercsv),
        "five, checked": behind(usual, checked),
    }


def tally(finder: Finder, files: Mapping[Path, Written], *, rounds: int) -> Tally:
    """Ask for every file; the time is the mean of the rounds."""
    started = time.perf_counter()
    for _ in range(rounds):
        answers = [(file, finder(file.content, path)) for path, file in files.items()]
    seconds = (time.perf_counter() - started) / rounds
    named = [(file.name, answer.delimiter == file.delimiter, answer.delimiter is None) for file, answer in answers]
    headers = [(file.name, answer.header == file.header) for file, answer in answers if answer.header is not None]
    return Tally(
        right=tuple(name for name, right, _ in named if right),
        wrong=tuple(name for name, right, none in named if not right and not none),
        none=tuple(name for name, right, none in named if none and not right),
        header_right=tuple(name for name, right in headers if right),
        header_wrong=tuple(name for name, right in headers if not right),
        milliseconds=1000 * seconds / len(files),
    )


def write_files(folder: Path, corpus: Sequence[Written]) -> dict[Path, Written]:
    """Every file of the corpus by its path."""
    files = {folder / f"{number}.csv": file for number, file in enumerate(corpus)}
    for path, file in files.items():
        path.write_bytes(file.content)
    return files
