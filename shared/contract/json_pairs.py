"""JSON writes a character beyond U+FFFF as two escapes, a surrogate pair, and YAML does not know that.

A text that is JSON gets such pairs as YAML writes the character; in any other text they stay what YAML calls them, a
fault. Columns behind a pair are two lower in the new text: `Pairs` knows by how much.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import defaultdict

_HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_HALVES = re.compile(_HALF)
# Every escape is looked at, so that a backslash that is escaped itself begins none.
_ESCAPE = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    rf"|(?P<lone>{_HALF})|\\.|(?P<end>\r\n|[\r\n\x85\u2028\u2029])",
    re.DOTALL,
)
_SHORTER = len(r"\ud83d\ude00") - len(r"\U0001f600")


class LoneSurrogateError(ValueError):
    """An escape is half of a pair; `line` and `column` count from 1."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__("an escape is half of a surrogate pair, which is no character")
        self.line = line
        self.column = column


class Pairs:
    """A text with its pairs as YAML writes them, in `text`.

    Raises:
        LoneSurrogateError: the text is JSON, and has half a pair.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._columns: defaultdict[int, list[int]] = defaultdict(list)
        if _HALVES.search(text) and _is_json(text):
            self.text = self._joined(text)

    def column(self, line: int, column: int) -> int:
        """The column of the text that was given, for one of the new text; both count from 1."""
        return column + _SHORTER * bisect_left(self._columns.get(line, []), column)

    def _joined(self, text: str) -> str:
        pieces: list[str] = []
        line, begin, done = 1, 0, 0
        for found in _ESCAPE.finditer(text):
            if found["end"]:
                line, begin = line + 1, found.end()
                continue
            column = found.start() - begin + 1
            if found["lone"]:
                raise LoneSurrogateError(line, column)
            if not found["high"]:
                continue
            character = 0x10000 + ((int(found["high"], 16) - 0xD800) << 10) + int(found["low"], 16) - 0xDC00
            pieces += [text[done : found.start()], f"\\U{character:08x}"]
            done = found.end()
            self._columns[line].append(column - _SHORTER * len(self._columns[line]))
        return "".join([*pieces, text[done:]])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
