"""What others wrote stands in quotes and cannot leave them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from services.submitter.expressions import call, identifier, literal

# As Druid's grammar has them (Expr.g4), with the escapes that it takes.
_STRING = re.compile(r"'(?:\\u[0-9a-f]{4}|[^'\\])*'")
_IDENTIFIER = re.compile(r'"(?:\\u[0-9a-f]{4}|[^"\\])*"')


def unescaped(text: str) -> str:
    """As Java reads it: units of UTF-16."""
    units = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@given(st.text())
def test_any_text_is_one_token_and_comes_back(text: str) -> None:
    assert _STRING.fullmatch(literal(text))
    assert _IDENTIFIER.fullmatch(identifier(text))
    assert unescaped(literal(text)[1:-1]) == unescaped(identifier(text)[1:-1]) == text
    assert literal(text).isascii()


def test_nothing_closes_the_quotes() -> None:
    assert literal("' || system('") == "'\\u0027 || system(\\u0027'"
    assert identifier('a" + "b') == '"a\\u0022 + \\u0022b"'


def test_numbers_are_written_as_the_grammar_has_them() -> None:
    assert [literal(one) for one in (5, -7, 0.5, 1e300, 2.5e-7)] == ["5", "-7", "0.5", "1e300", "2.5e-07"]


def test_a_call() -> None:
    assert call("concat", identifier("a"), literal("-")) == "concat(\"a\",'-')"
