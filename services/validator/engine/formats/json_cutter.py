"""Cuts a JSON text into the elements of its array while it arrives; a text that is no array is one element."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NoReturn

from services.validator.engine.block import RowError
from services.validator.engine.verdict import BadFile, Code

from .json_columns import Record, read_value
from .json_records import DECODER, MAX_DEPTH

_NOT_WHITE = re.compile(r"[^ \t\r\n]|\Z")
_TOKEN_CHARACTERS = 16  # what a keyword or an escape may lack when the text is cut within it


class _State(Enum):
    START = auto()
    FIRST = auto()
    VALUE = auto()
    SEPARATOR = auto()
    END = auto()


_AFTER_MARK = {
    (_State.START, "["): _State.FIRST,
    (_State.FIRST, "]"): _State.END,
    (_State.SEPARATOR, ","): _State.VALUE,
    (_State.SEPARATOR, "]"): _State.END,
}


@dataclass(slots=True)
class Elements:
    """Consecutive elements, from a byte offset and a line on.

    `pieces[n]` is element n with what stands before it, `leads[n]` how many bytes that is.
    """

    offset: int
    line: int
    pieces: list[bytes] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    records: list[tuple[Record | RowError, Sequence[str]]] = field(default_factory=list)


class Cutter:
    """`offset` and `line` are where the text begins that has not been used yet. An element has at most `longest` bytes.

    Raises `BadFile`: `format_damaged`, `json_depth` and `limit_record`.
    """

    def __init__(self, offset: int, longest: int) -> None:
        self.offset = offset
        self.line = 1
        self._longest = longest
        self._state = _State.START

    def take(self, text: str, *, last: bool) -> tuple[Elements, str]:
        """The elements that are complete in `text`, and the rest, which has to be handed in again with more."""
        found = Elements(self.offset, self.line)
        used = position = 0
        while (position := self._next(text, position)) < len(text):
            if state := _AFTER_MARK.get((self._state, text[position])):
                self._state = state
                position += 1
                continue
            if self._state in (_State.SEPARATOR, _State.END):
                self._damaged(text, used, position, f"{text[position]!r} stands where the element has ended")
            complete = self._decode(text, used, position, last=last)
            if complete is None:
                break
            value, end = complete
            self._add(found, value, text[used:position], text[position:end])
            self._state = _State.END if self._state is _State.START else _State.SEPARATOR
            used = position = end
        if last and self._state is not _State.END:
            self._damaged(text, used, position, "it ends before its last bracket")
        self._advance(text[used:position].encode())
        return found, text[position:]

    def _next(self, text: str, position: int) -> int:
        mark = _NOT_WHITE.search(text, position)
        return mark.start() if mark else len(text)

    def _decode(self, text: str, used: int, position: int, *, last: bool) -> tuple[object, int] | None:
        """The value at `position` and where it ends; None when it may go on in the text to come."""
        try:
            value, end = DECODER.raw_decode(text, position)
        except RecursionError:
            message = f"An element is nested deeper than {MAX_DEPTH} levels, at or behind byte {self.offset:,}."
            raise BadFile(Code.JSON_DEPTH, message, byte_offset=self.offset, line=self.line) from None
        except json.JSONDecodeError as error:
            cut = error.msg.startswith("Unterminated") or error.pos + _TOKEN_CHARACTERS >= len(text)
            if cut and not last:
                if len(text) - position > self._longest:
                    self._refuse_long()
                return None
            self._damaged(text, used, error.pos, error.msg)
        except ValueError as error:
            self._damaged(text, used, position, str(error))
        return None if end == len(text) and not last and self._is_number(text[position]) else (value, end)

    def _is_number(self, first: str) -> bool:
        return first in "-0123456789"

    def _add(self, found: Elements, value: object, before: str, element: str) -> None:
        lead, body = before.encode(), element.encode()
        if len(body) > self._longest:
            self._refuse_long()
        found.pieces.append(lead + body)
        found.leads.append(len(lead))
        found.records.append(read_value(value, escaped="\\u" in element))
        self._advance(lead + body)

    def _advance(self, data: bytes) -> None:
        self.offset += len(data)
        self.line += data.count(b"\n")

    def _refuse_long(self) -> NoReturn:
        limit, at = self._longest, self.offset
        message = f"An element is longer than {limit:,} bytes (setting max_record_bytes), at or behind offset {at:,}."
        raise BadFile(Code.LIMIT_RECORD, message, limit=limit, setting="max_record_bytes", byte_offset=at)

    def _damaged(self, text: str, used: int, position: int, what: str) -> NoReturn:
        before = text[used:position].encode()
        at, line = self.offset + len(before), self.line + before.count(b"\n")
        message = f"The file is no JSON from byte {at:,} (line {line:,}) on: {what}. It is certain up to there only."
        raise BadFile(Code.FORMAT_DAMAGED, message, byte_offset=at, line=line)
