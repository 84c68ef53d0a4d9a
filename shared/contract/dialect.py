"""How the files of a contract are written, as far as it says so."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, StrictBool, model_validator

from shared.file_options import (
    codec_of,
    delimiter_of,
    problem_with_encoding,
    problem_with_format,
    problem_with_quote_character,
)

from .faults import refuse
from .part import Part


def _distinct(marks: dict[str, str | None]) -> None:
    taken: dict[str, str] = {}
    for name, mark in marks.items():
        if mark is not None and mark in taken:
            refuse(f"must differ from {taken[mark]}, {mark!r}", name)
        if mark is not None:
            taken[mark] = name


class Dialect(Part):
    """How the files are written. What is not said is found in each file."""

    format: str | None = None
    """The file format; the content counts where it says otherwise."""
    encoding: str | None = None
    """The text encoding where it is not UTF-8, by its name in Python."""
    delimiter: str | None = None
    r"""The character between fields; `\t` or `tab` for a tab."""
    quote: str | None = Field(default=None, max_length=1)
    """The character around fields where it is not `"`: one ASCII sign; the empty text if there is none."""
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    """The character that takes the meaning from a quote; a doubled quote needs none."""
    skip_rows: int | None = Field(default=None, ge=0, le=1_000, strict=True)
    """How many lines stand before the header: titles, notes."""
    header: StrictBool | None = None
    """Whether the first row has the names of the columns; without one, the columns stand in the contract's order."""
    comment: str | None = Field(default=None, min_length=1, max_length=8)
    """With what a line begins that is no row."""
    decimal_mark: Literal[".", ","] | None = None
    """What stands before the fraction of a number."""
    thousands: Literal[",", ".", " ", "'", "\u2019", "\u00a0", "\u202f"] | None = None
    """What groups the digits of a number."""
    sheet: str | None = Field(default=None, min_length=1)
    """The sheet of a workbook, by name or number."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, problem_with in (("encoding", problem_with_encoding), ("format", problem_with_format)):
            value = getattr(self, name)
            if value is not None and (fault := problem_with(value)):
                refuse(fault, name)
        if self.quote and (fault := problem_with_quote_character(self.quote)):
            refuse(fault, "quote")
        if self.quote == "" and self.escape is not None:
            refuse("takes the meaning from a quote, and there is none", "escape")
        delimiter = None if self.delimiter is None else delimiter_of(self.delimiter)
        if self.delimiter is not None and delimiter is None:
            refuse(r"must be one character, not a quote or a line's end; write \t for a tab", "delimiter")
        marks = {"delimiter": delimiter, "quote": self.quote or None, "escape": self.escape, "comment": self.comment}
        _distinct(marks)
        _distinct({"decimal_mark": self.decimal_mark or ".", "thousands": self.thousands})
        return self

    @property
    def delimiter_character(self) -> str | None:
        """The delimiter itself, however it is written."""
        return None if self.delimiter is None else delimiter_of(self.delimiter)

    @property
    def codec(self) -> str | None:
        """The encoding by its one name."""
        return None if self.encoding is None else codec_of(self.encoding)
