"""Broken quotes: whether the record still ends for certain with its line, or nobody can say where it ends.

A closing quote with something other than a delimiter or a line end behind it breaks one record, and it ends with its
line when no quote is left open there. Two things make that uncertain, and then the file cannot be read on: a quote that
is open at the line's end, and a later line that could be the end of the same record, if the stray quote were text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from .verdict import BadFile, Code


class Quoting:
    """The grammar of one line's quotes."""

    def __init__(self, delimiter: str, escape: str | None, quote: str) -> None:
        separator, q = re.escape(delimiter), re.escape(quote)
        mark = "" if escape is None else re.escape(escape)
        escaped = f"|{mark}." if mark else ""
        quoted = f"{q}(?:[^{q}{mark}]|{q}{q}{escaped})*+{q}"
        one = f"(?:{quoted}[^{separator}]*+|(?!{q})[^{separator}]*+)"
        self._closed = re.compile(f"{one}(?:{separator}{one})*+", re.DOTALL)
        self._closing = re.compile(f"(?<=[^{separator}]){q}(?={separator}|$)")
        self._edge = re.compile(f"(?:^|(?<={separator})){q}|{q}(?={separator}|$)")

    def may_end_here(self, line: str) -> bool | None:
        """Whether a quoted field that is open could end in this line.

        None when the line has no quote that would tell; False when its first one opens a field.
        """
        first = self._edge.search(line)
        return None if first is None else self._closing.match(line, first.start()) is not None

    def is_closed(self, line: str) -> bool:
        """Whether no quote is open at the end of the line, whatever stands behind closing quotes."""
        return self._closed.fullmatch(line) is not None


@dataclass(slots=True)
class Doubt:
    """A broken record that ended with its line, unless a later line proves to be its end.

    `line` is its number from 1, `bytes_left` how far the longest record would reach.
    """

    line: int
    bytes_left: int


def refuse(line: int, why: str) -> NoReturn:
    """Raise `BadFile`: from this line on nobody can say where records begin."""
    message = (
        f"From line {line:,} on it is not certain where records end: {why}. Write a quote within a quoted field twice, "
        "or put the field in quotes."
    )
    raise BadFile(Code.QUOTE, message, line=line)


def explain(delimiter: str, quote: str, line: str) -> str:
    """Why a record whose quotes are closed is broken."""
    escaped = "\\" + quote
    hint = rf"; if {escaped} stands for a quote, send escape=\ " if escaped in line else ""
    return f"after a closing quote stands neither {delimiter!r} nor a line end{hint}".rstrip()
