"""A text in words, numbers, strings and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .errors import ExpressionError

Kind = Literal["word", "column", "number", "string", "sign", "end"]

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[^\W\d]\w*)
  | `(?P<column>(?:[^`]|``)+)`
  | '(?P<string>(?:[^']|'')*)'
  | (?P<sign><=|>=|<>|!=|==|[-+*/%(),<>=])
    """,
    re.VERBOSE,
)
_HINTS = {
    '"': "text stands in single quotes, 'like this', and the name of a column in backticks",
    "'": "the text that begins here has no closing quote",
    "`": "the name that begins here has no closing backtick",
    "!": "write != for not equal, and `not` for the opposite",
    "&": "write `and`",
    "|": "write `or`",
    ".": "a name with a dot stands in backticks",
    ";": "a rule is one expression",
    "[": "a list stands in parentheses, as in x in (1, 2)",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `text` is without quotes, `at` counts characters from 0."""

    kind: Kind
    text: str
    at: int

    @property
    def word(self) -> str:
        """The word in small letters, or the sign; empty for anything else, which is never a keyword."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""

    @property
    def shown(self) -> str:
        """The token for a message."""
        if self.kind == "end":
            return "the end"
        return {"string": f"'{self.text[:40]}'", "column": f"`{self.text[:40]}`"}.get(self.kind, repr(self.text[:40]))


def tokens_of(text: str) -> list[Token]:
    """All tokens, the end last; raises `ExpressionError` at a character that begins none."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            hint = _HINTS.get(text[at])
            raise ExpressionError(f"{text[at]!r} has no meaning here" + (f": {hint}" if hint else ""), at)
        kind = match.lastgroup
        if kind == "number" and match.end() < len(text) and re.match(r"[\w.]", text[match.end()]):
            msg = "a number ends here; the name of a column that begins with a digit stands in backticks"
            raise ExpressionError(msg, match.end())
        if kind != "space":
            found.append(_token(kind, match[kind or 0], at))
        at = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _token(kind: str | None, text: str, at: int) -> Token:
    match kind:
        case "column":
            return Token("column", text.replace("``", "`"), at)
        case "string":
            return Token("string", text.replace("''", "'"), at)
        case "number":
            return Token("number", text, at)
        case "word":
            return Token("word", text, at)
        case _:
            return Token("sign", text, at)
