"""How a delimited file is written: what separates fields, where the table begins, whether it has a header.

Own detection of the delimiter, instead of DuckDB's sniffer or clevercsv (docs/decisions/0012 has the figures): five
usual ones, and a rare one where it is certain. It costs a few passes of `csv.reader` over 64 KiB, says why, and invents
none for a file of one column. The quote is `"` unless another is declared: apostrophes would prove nothing. Any other
character can be declared, and whatever is declared is believed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.file_options import problem_with_quote_character

from .escapes import find_escape
from .headless import has_header
from .preamble import Start, behind_comments, behind_titles, is_header, is_title
from .rare_delimiter import find_rare
from .request import ParseOptions
from .sample import CONSISTENT, Row, lines_of, rows_of, usual_width
from .verdict import BadFile, Code

_COMMON = (",", ";", "\t", "|")
_LAST_RESORT = ":"
_TIME = re.compile(r"(?<![0-9])(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?![0-9])")
_LINE_ENDS = "\r\n"
QUOTE = '"'


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the file is written; each `evidence` is a sentence for the report.

    `skip_lines` physical lines stand before the header. Lines that begin with `comment` where a record could begin are
    none. `quote` stands around fields, or is "". With `escape`, that character before a quote or before itself takes
    its meaning away. `has_header` is None where a file does not tell whether its first record is one. `extra_cells` is
    1 when every record ends with a delimiter and the header does not, -1 when only the header does. `columns` is how
    many fields most records have, which counts where there is no header.
    """

    delimiter: str
    evidence: str
    comment: str | None = None
    quote: str = QUOTE
    escape: str | None = None
    escape_evidence: str | None = None
    skip_lines: int = 0
    skip_evidence: str | None = None
    has_header: bool | None = True
    header_evidence: str = "declared"
    extra_cells: int = 0
    columns: int = 0

    @property
    def csv(self) -> dict[str, Any]:
        """How `csv.reader` reads a record of it."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "strict": True,
        }


@dataclass(frozen=True, slots=True)
class _Score:
    delimiter: str
    columns: int
    share: float

    @property
    def rank(self) -> tuple[bool, int, float]:
        return (self.share >= CONSISTENT, self.columns, self.share)


def find_dialect(head: bytes, *, complete: bool, options: ParseOptions) -> Dialect:
    """What the options declare; the rest is found in `head`.

    `complete` says that `head` is the whole file, so that its last line is not cut short.
    """
    _check(options)
    quote = QUOTE if options.quote is None else options.quote
    lines = _as_usual(lines_of(head, complete=complete), quote)
    start = _find_start(lines, options)
    lines = lines[start.lines :] if start else lines
    if options.comment is not None:
        lines = [line for line in lines if not line.startswith(options.comment)]
    dialect = _find_delimiter(lines, options.delimiter)
    dialect = replace(dialect, comment=options.comment, quote=quote)
    if start is not None:
        dialect = replace(dialect, skip_lines=start.lines, skip_evidence=start.evidence)
    escape, why = options.escape, None if options.escape is None else "declared"
    if escape is None and quote:
        escape, why = find_escape("".join(lines), dialect.delimiter, quote, complete=complete)
    rows = rows_of(lines, dialect.delimiter)
    return _with_header(replace(dialect, escape=escape, escape_evidence=why), rows, options)


def _as_usual(lines: list[str], quote: str) -> list[str]:
    """The sample with its quotes as `"`, for those who look at it; what is none there becomes another sign."""
    if quote == QUOTE:
        return lines
    usual = str.maketrans({QUOTE: "'", **({quote: QUOTE} if quote else {})})
    return [line.translate(usual) for line in lines]


def _check(options: ParseOptions) -> None:
    delimiter, comment, escape = options.delimiter, options.comment, options.escape
    quote = QUOTE if options.quote is None else options.quote
    forbidden = quote + _LINE_ENDS
    if fault := problem_with_quote_character(quote):
        raise BadFile(Code.OPTION_INVALID, f"quote {fault}.", option="quote")
    if delimiter is not None and delimiter in forbidden:
        raise BadFile(Code.OPTION_INVALID, "A delimiter cannot be the quote or a line end.", option="delimiter")
    if comment is not None and any(character in comment for character in forbidden):
        raise BadFile(Code.OPTION_INVALID, "A comment cannot begin with the quote or a line end.", option="comment")
    if escape is not None and not quote:
        message = "An escape takes the meaning from a quote, and quote says that there is none."
        raise BadFile(Code.OPTION_INVALID, message, option="escape")
    if escape is not None and escape in (forbidden + (delimiter or "")):
        message = (
            "The escape cannot be the quote (which is always escaped by doubling it), the delimiter or a line end."
        )
        raise BadFile(Code.OPTION_INVALID, message, option="escape")


def _find_start(lines: Sequence[str], options: ParseOptions) -> Start | None:
    if options.skip_rows is not None:
        return Start(options.skip_rows, "", "declared") if options.skip_rows else None
    delimiters = _COMMON if options.delimiter is None else (options.delimiter,)
    comments = None if options.comment is not None else behind_comments(lines, delimiters)
    if comments is not None:
        return comments
    if options.header is False:
        return None
    if options.comment is not None:  # blank in their places, so that lines keep their numbers
        lines = ["\n" if line.startswith(options.comment) else line for line in lines]
    for delimiter in delimiters:
        rows = rows_of(lines, delimiter)
        score = _score(rows, delimiter)
        if score and score.share >= CONSISTENT and not is_title(rows[0].cells):
            return None
    return behind_titles(lines, delimiters)


def _find_delimiter(lines: Sequence[str], declared: str | None) -> Dialect:
    """The declared delimiter, else the one that cuts the most records of the lines like the first."""
    if declared is not None:
        return Dialect(declared, "declared")
    scores = [score for delimiter in _COMMON if (score := _score(rows_of(lines, delimiter), delimiter))]
    if not scores and not _are_times(lines):
        score = _score(rows_of(lines, _LAST_RESORT), _LAST_RESORT)
        scores = [score] if score and score.share >= CONSISTENT else []
    best = _best(scores, lines)
    if best is None or best.share < CONSISTENT:
        rare = find_rare(lines)
        if rare is not None and rare.certain:
            return Dialect(rare.delimiter, rare.evidence)
        if best is None:
            return Dialect(",", rare.evidence if rare else "no delimiter found in the header: read as one column")
    share = f"{best.share:.0%} of the first records have the header's {best.columns} fields"
    return Dialect(best.delimiter, f"detected: {share}")


def _best(scores: Sequence[_Score], lines: Sequence[str]) -> _Score | None:
    """The highest; of several, as of `Name, first;Age`, the one that makes a header over numbers or dates."""
    rank = max((score.rank for score in scores), default=None)
    highest = [score for score in scores if score.rank == rank]
    if len(highest) < 2:  # noqa: PLR2004 - nothing to settle
        return highest[0] if highest else None
    return next((score for score in highest if is_header(rows_of(lines, score.delimiter))), highest[0])


def _are_times(lines: Sequence[str]) -> bool:
    """Whether nine in ten of the lines behind the first hold a time of day, which a colon would cut."""
    body = [line for line in lines[1:] if line.strip()]
    return bool(body) and sum(bool(_TIME.search(line)) for line in body) >= CONSISTENT * len(body)


def _score(rows: Sequence[Row], delimiter: str) -> _Score | None:
    if not rows or len(rows[0].cells) < 2:  # noqa: PLR2004 - one field is no separation
        return None
    columns, body = len(rows[0].cells), rows[1:]
    share = sum(len(row.cells) == columns for row in body) / len(body) if body else 1.0
    if body and share < CONSISTENT and _extra_cells(rows):
        share = 1.0
    return _Score(delimiter, columns, share)


def _with_header(dialect: Dialect, rows: Sequence[Row], options: ParseOptions) -> Dialect:
    declared = options.header
    dialect = replace(dialect, columns=usual_width(rows))
    if not rows:
        return replace(dialect, has_header=declared is not False)
    if declared is not None:
        return replace(dialect, has_header=declared, extra_cells=_extra_cells(rows) if declared else 0)
    found, why = has_header(rows[0].cells, [row.cells for row in rows[1:]])
    extra = _extra_cells(rows) if found else 0
    return replace(dialect, has_header=found, header_evidence=why, extra_cells=extra)


def _extra_cells(rows: Sequence[Row]) -> int:
    """See `Dialect.extra_cells`; it takes all records of the sample, and two at least."""
    header, body = rows[0].cells, rows[1:]
    if len(body) < 2:  # noqa: PLR2004 - one record may be a mistake
        return 0
    if header[-1].strip() and all(len(row.cells) == len(header) + 1 and not row.cells[-1] for row in body):
        return 1
    if len(header) > 1 and not header[-1].strip() and all(len(row.cells) == len(header) - 1 for row in body):
        return -1
    return 0
