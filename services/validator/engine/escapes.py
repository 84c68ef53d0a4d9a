r"""Quotes that are escaped by a character before them, such as `\"`, instead of by doubling them.

The escape takes the meaning from a quote and from itself. Before anything else it is an ordinary character, so that
`\N` stays the null of a database dump and `C:\temp` a path. Doubled quotes are read as well.
"""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache

COMMON = "\\"


@lru_cache(maxsize=8)
def _pairs(escape: str, quote: str) -> re.Pattern[str]:
    return re.compile(re.escape(escape) + "([" + re.escape(quote) + re.escape(escape) + "])?")


def for_csv(text: str, escape: str, quote: str = '"') -> str:
    """The text for `csv.reader` with `escapechar`, which would take the escape from any character it stands before."""
    return _pairs(escape, quote).sub(lambda found: found[0] if found[1] else escape * 2, text)


def find_escape(text: str, delimiter: str, quote: str, *, complete: bool) -> tuple[str | None, str | None]:
    r"""The escape and what speaks for it: `\"` occurs, and only as an escape does it leave every record whole.

    In the text the quote is `"`; `quote` is what it is in the file.
    """
    if COMMON + '"' not in text or delimiter == COMMON:
        return None, None
    if _is_whole(text, delimiter, None, complete=complete) or not _is_whole(text, delimiter, COMMON, complete=complete):
        return None, None
    return COMMON, f"detected: the first records are whole only if {COMMON}{quote} is a quote"


def _is_whole(text: str, delimiter: str, escape: str | None, *, complete: bool) -> bool:
    """Whether all records have sound quotes and one width."""
    text = for_csv(text, escape) if escape else text
    widths = set()
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, escapechar=escape, strict=True):
            if row:
                widths.add(len(row))
    except csv.Error as error:
        if complete or "unexpected end of data" not in str(error):
            return False
    return len(widths) < 2  # noqa: PLR2004 - one width
