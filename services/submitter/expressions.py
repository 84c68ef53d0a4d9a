"""Druid expressions, written by us: names and texts of others stand in quotes, and cannot leave them.

Pure. The language: https://druid.apache.org/docs/33.0.0/querying/math-expr; both kinds of quotes take Java's escapes.
"""

from __future__ import annotations

_PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - frozenset("\\\"'")


def identifier(name: str) -> str:
    """A column's name."""
    return f'"{_escaped(name)}"'


def literal(value: float | str) -> str:
    """A text or a number; a fraction is a double."""
    if isinstance(value, str):
        return f"'{_escaped(value)}'"
    # The grammar has no plus sign in an exponent.
    return repr(value).replace("e+", "e")


def call(function: str, *arguments: str) -> str:
    """A function of arguments that are expressions already."""
    return f"{function}({','.join(arguments)})"


def _escaped(text: str) -> str:
    return "".join(one if one in _PLAIN else _units(one) for one in text)


def _units(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
