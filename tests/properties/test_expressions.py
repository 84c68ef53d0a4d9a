"""The language of rules, against an interpreter in plain Python that shares no code with it.

A strategy makes the text of an expression and, beside it, a function of a row that says what its value must be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract import frames
from shared.contract.column_types import ColumnType
from shared.contract.expressions import ColumnKind, ExpressionError, check
from shared.contract.expressions.functions import FUNCTIONS
from shared.contract.expressions.parser import DEEPEST, LONGEST_CHARS, MOST_OPERATIONS
from shared.contract.expressions.polars_compiler import compiled
from tests.unit.contract.contracts import MOMENTS, VALUES, WORDS

KINDS: dict[str, ColumnType] = {
    "t": "text",
    "u": "text",
    "b": "boolean",
    "l": "long",
    "k": "long",
    "x": "double",
    "m": "decimal",
    "d": "date",
    "ts": "timestamp",
    "j": "json",
    "odd `name`": "text",
}
COLUMNS = {name: ColumnKind(kind, 2 if kind == "decimal" else None) for name, kind in KINDS.items()}
Row = dict[str, Any]
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in KINDS.items()}),
    min_size=1,
    max_size=6,
)


@dataclass(frozen=True)
class Made:
    """A text, and its value in a row."""

    text: str
    value: Callable[[Row], Any]


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            frames.series([row[name] for row in rows], kind.kind, kind.scale).alias(name)
            for name, kind in COLUMNS.items()
        ]
    )


def values(text: str, rows: list[Row]) -> list[Any]:
    found: list[Any] = frame(rows).select(compiled(check(text, COLUMNS)).alias("v"))["v"].to_list()
    return found


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Null in, null out."""
    return lambda *given: None if any(one is None for one in given) else function(*given)


def apply(function: Callable[..., Any], *made: Made) -> Callable[[Row], Any]:
    return lambda row: function(*(one.value(row) for one in made))


def long(value: int | None) -> int | None:
    return value if value is None or -(2**63) <= value < 2**63 else None


def double(function: Callable[..., float]) -> Callable[..., float | None]:
    def finite(*given: Any) -> float | None:
        try:
            found = function(*map(float, given))
        except (ZeroDivisionError, OverflowError):
            return None
        return found if math.isfinite(found) else None

    return strict(finite)


def column(*names: str) -> st.SearchStrategy[Made]:
    return st.sampled_from(names).map(lambda name: Made(name, lambda row: row[name]))


def literal(strategy: st.SearchStrategy[Any], write: Callable[[Any], str]) -> st.SearchStrategy[Made]:
    return strategy.map(lambda value: Made(write(value), lambda _: value))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


NAMES = Made("`odd ``name```", lambda row: row["odd `name`"])
PARTS = {"year": lambda at: at.year, "month": lambda at: at.month, "day": lambda at: at.day}


@st.composite
def longs(draw: st.DrawFn, depth: int) -> Made:  # noqa: PLR0911  # a table of cases
    simple = column("l", "k") | literal(st.integers(-5, 5), str)
    if depth == 0:
        return draw(simple)
    kind = draw(st.sampled_from(["simple", "sum", "rest", "neg", "abs", "round", "length", "part", "coalesce", "null"]))
    if kind == "sum":
        left, right = draw(longs(depth - 1)), draw(longs(depth - 1))
        sign, function = draw(st.sampled_from([("+", int.__add__), ("-", int.__sub__), ("*", int.__mul__)]))
        return Made(f"({left.text} {sign} {right.text})", apply(strict(lambda a, b: long(function(a, b))), left, right))
    if kind == "rest":
        left, right = draw(longs(depth - 1)), draw(longs(depth - 1))
        return Made(f"({left.text}%{right.text})", apply(strict(lambda a, b: a % b if b else None), left, right))
    if kind == "part":
        name = draw(st.sampled_from(sorted(PARTS)))
        time = draw(column("d", "ts"))
        return Made(f"{name}({time.text})", apply(strict(PARTS[name]), time))
    if kind == "length":
        text = draw(texts(depth - 1))
        return Made(f"length({text.text})", apply(strict(len), text))
    if kind == "null":
        return Made(f"({draw(longs(depth - 1)).text} + null)", lambda _: None)
    if kind == "coalesce":
        left, right = draw(longs(depth - 1)), draw(longs(depth - 1))
        return Made(
            f"coalesce({left.text}, null, {right.text})", apply(lambda a, b: b if a is None else a, left, right)
        )
    if kind in {"neg", "abs", "round"}:
        one = draw(longs(depth - 1))
        of_one = {"neg": int.__neg__, "abs": int.__abs__, "round": int.__int__}[kind]
        written = f"-{one.text}" if kind == "neg" else f"{kind}({one.text})"
        return Made(written, apply(strict(lambda a: long(of_one(a))), one))
    return draw(simple)


def rounded(value: float, digits: int) -> float:
    """As Polars rounds: by a power of ten, half to the even one; from 2**52 on there is nothing to round."""
    scaled = value * 10**digits
    return value if abs(value) >= 2**52 or not math.isfinite(scaled) else float(round(scaled)) / 10**digits


@st.composite
def doubles(draw: st.DrawFn, depth: int) -> Made:  # noqa: PLR0911  # a table of cases
    simple = column("x") | literal(st.sampled_from([0.5, 2.0, -1.5]), str)
    if depth == 0:
        return draw(simple)
    kind = draw(st.sampled_from(["simple", "sum", "quotient", "abs", "round", "neg"]))
    numbers = st.one_of(longs(depth - 1), doubles(depth - 1), column("m"))
    if kind == "sum":
        left, right = draw(doubles(depth - 1)), draw(numbers)
        signs = [("+", float.__add__), ("-", float.__sub__), ("*", float.__mul__)]
        sign, function = draw(st.sampled_from(signs))
        return Made(f"({left.text} {sign} {right.text})", apply(double(function), left, right))
    if kind == "quotient":
        left, right = draw(numbers), draw(numbers)
        return Made(f"({left.text} / {right.text})", apply(double(float.__truediv__), left, right))
    one = draw(doubles(depth - 1))
    if kind == "abs":
        return Made(f"ABS({one.text})", apply(double(abs), one))
    if kind == "neg":
        return Made(f"-({one.text})", apply(double(lambda a: 0 - a), one))
    if kind == "round":
        digits = draw(st.integers(0, 3))
        return Made(f"round({one.text}, {digits})", apply(double(lambda a: rounded(a, digits)), one))
    return draw(simple)


@st.composite
def texts(draw: st.DrawFn, depth: int) -> Made:
    simple = column("t", "u") | literal(WORDS | st.just("it's"), quoted) | st.just(NAMES)
    if depth == 0:
        return draw(simple)
    kind = draw(st.sampled_from(["simple", "lower", "upper", "trim"]))
    one = draw(texts(depth - 1))
    functions = {"lower": str.lower, "upper": str.upper, "trim": lambda text: text.strip(" \t\r\n")}
    return Made(f"{kind}({one.text})", apply(strict(functions[kind]), one)) if kind in functions else draw(simple)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def midnight(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def comparable(depth: int) -> st.SearchStrategy[tuple[Made, Made, Callable[[Any], Any]]]:
    """Two operands that can be compared, and in what they are."""
    as_double, same = float, lambda value: value
    instants = literal(MOMENTS, lambda at: quoted(at.isoformat(timespec="milliseconds")))
    days = literal(VALUES["date"], lambda day: quoted(day.isoformat()))
    cents = literal(st.sampled_from([Decimal("0.05"), Decimal(-2), Decimal("1.50")]), str)
    return st.one_of(
        st.tuples(longs(depth), longs(depth), st.just(same)),
        st.tuples(doubles(depth), longs(depth) | doubles(depth) | column("m"), st.just(as_double)),
        st.tuples(column("m"), cents, st.just(same)),
        st.tuples(column("m"), column("l"), st.just(as_double)),
        st.tuples(texts(depth), texts(depth), st.just(same)),
        st.tuples(column("d"), column("d") | days, st.just(same)),
        st.tuples(column("ts"), column("ts", "d") | instants, st.just(midnight)),
        st.tuples(column("d").map(lambda d: Made(f"date({d.text})", d.value)), column("d"), st.just(same)),
    )


def kleene_and(a: bool | None, b: bool | None) -> bool | None:  # noqa: FBT001
    return False if a is False or b is False else None if a is None or b is None else True


def kleene_or(a: bool | None, b: bool | None) -> bool | None:  # noqa: FBT001
    return True if a is True or b is True else None if a is None or b is None else False


@st.composite
def rules(draw: st.DrawFn, depth: int) -> Made:  # noqa: PLR0911  # a table of cases
    deeper = max(depth - 1, 0)
    kinds = ["compare", "between", "in", "null", "text", "b"] + (["and", "or", "not", "equal"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "b":
        return draw(column("b"))
    if kind in {"and", "or"}:
        left, right = draw(rules(deeper)), draw(rules(deeper))
        function = kleene_and if kind == "and" else kleene_or
        return Made(
            f"({left.text} {draw(st.sampled_from([kind, kind.upper()]))} {right.text})", apply(function, left, right)
        )
    if kind == "not":
        one = draw(rules(deeper))
        return Made(f"not ({one.text})", apply(strict(lambda a: not a), one))
    if kind == "equal":
        left, right = draw(rules(deeper)), draw(rules(deeper))
        return Made(f"(({left.text}) = ({right.text}))", apply(strict(lambda a, b: a == b), left, right))
    if kind == "null":
        one = draw(
            st.one_of(
                column(*(name for name in KINDS if "`" not in name)), longs(deeper), doubles(deeper), texts(deeper)
            )
        )
        word, wanted = draw(st.sampled_from([("is null", True), ("IS NOT NULL", False)]))
        return Made(f"({one.text} {word})", apply(lambda a: (a is None) is wanted, one))
    if kind == "text":
        name, of_texts = draw(
            st.sampled_from(
                [("starts_with", str.startswith), ("ends_with", str.endswith), ("contains", str.__contains__)]
            )
        )
        left, right = draw(texts(deeper)), draw(texts(deeper))
        return Made(f"{name}({left.text}, {right.text})", apply(strict(of_texts), left, right))
    left, right, kept = draw(comparable(deeper))
    if kind == "in":
        members = draw(st.lists(st.integers(-3, 3), min_size=1, max_size=4))
        one, word = draw(longs(deeper)), draw(st.sampled_from(["in", "not in"]))
        text = f"({one.text} {word} ({', '.join(map(str, members))}))"
        return Made(text, apply(strict(lambda a: (a in members) is (word == "in")), one))
    if kind == "between":
        word = draw(st.sampled_from(["between", "not between"]))
        inside = strict(lambda a, b: (kept(b) <= kept(a) <= kept(b)) is (word == "between"))
        return Made(f"({left.text} {word} {right.text} and {right.text})", apply(inside, left, right))
    sign = draw(st.sampled_from(sorted(COMPARISONS)))
    return Made(
        f"({left.text} {sign} {right.text})",
        apply(strict(lambda a, b: COMPARISONS[sign](kept(a), kept(b))), left, right),
    )


@settings(max_examples=150)
@given(rules(3), ROWS)
def test_a_rule_has_the_value_that_an_interpreter_gives_it(rule: Made, rows: list[Row]) -> None:
    text = f"({rule.text}) or (b and not b)"  # so that it reads a column whatever was made
    expected = [kleene_or(rule.value(row), False if row["b"] is not None else None) for row in rows]
    assert values(text, rows) == expected, text


WORDS_OF_THE_LANGUAGE = st.sampled_from(
    [
        *KINDS,
        *FUNCTIONS,
        *(
            "and",
            "or",
            "not",
            "in",
            "is",
            "between",
            "null",
            "true",
            "(",
            ")",
            ",",
            "+",
            "-",
            "*",
            "/",
            "%",
            "=",
            "<",
            ">=",
        ),
        *("1", "0.5", "'x'", "'2026-01-01'", "`t`", "''", "1e999", "9" * 30, ".", "`", "'", "é", "\n"),
    ]
)


@settings(max_examples=150)
@given(st.text(max_size=60) | st.lists(WORDS_OF_THE_LANGUAGE, max_size=12).map(" ".join))
def test_any_text_is_a_rule_or_a_clear_error(text: str) -> None:
    row = dict.fromkeys(KINDS)
    try:
        expression = compiled(check(text, COLUMNS))
    except ExpressionError as error:
        found = error
    else:
        assert frame([row]).select(expression.alias("v"))["v"].dtype == pl.Boolean
        return
    assert 0 <= found.at <= len(text)
    assert str(found).startswith(f"character {found.at + 1}: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l = 1 and", "character 10: a column or a value was expected, not the end"),
        ("l = 1 t = 'x'", "character 7: an operator such as `and` was expected, not 't'"),
        ("(l = 1", "character 7: ')' was expected for the parenthesis of character 1, not the end"),
        ("z = 1", "character 1: there is no column `z`; there are `t`, `u`"),
        ('t = "x"', "character 5: '\"' has no meaning here: text stands in single quotes"),
        ("t = 'x", 'character 5: "\'" has no meaning here: the text that begins here has no closing quote'),
        ("t = 5", "character 5: a whole number cannot be compared with the text column `t`"),
        ("l + t = 1", "character 5: `+` needs numbers, and this is the text column `t`"),
        ("l and b", "character 1: `and` needs true or false, and this is the long column `l`"),
        ("b < true", "character 3: true and false have no order"),
        ("l < k < 3", "character 7: comparisons do not chain: write a < b and b < c"),
        ("l = null", "character 5: a comparison with null is never true: write `is null`"),
        ("j = t", "character 1: the json column `j` can only be asked whether it is null"),
        ("x % 2 = 1", "character 3: `%` needs whole numbers, of type long"),
        ("l = 9223372036854775808", "character 5: a number must be between"),
        ("d = '2026-02-30'", "character 5: what is compared with a date must be a day of the calendar"),
        ("ts > '1.1.2026'", "character 6: what is compared with a timestamp must be a time such as"),
        ("l in ()", "character 3: the list is empty"),
        ("l in (k)", "character 7: a list has values only"),
        ("l in 1", "character 6: '(' was expected after `in`, not '1'"),
        ("sqrt(l) = 1", "character 1: there is no function `sqrt`; there are abs, coalesce"),
        ("length(t, u) = 1", "character 1: length(text) is how `length` is called, and here it has 2 operands"),
        ("matches(t, u)", "character 12: the pattern of `matches` must be a text in quotes"),
        ("matches(t, '(')", "character 12: the pattern is no regular expression of the Rust dialect: unclosed group"),
        ("round(x, k) = 1", "character 10: the number of digits must be a whole number from 0 to 15"),
        ("coalesce(j, j) is null", "character 10: `coalesce` needs a value that is not null, nor json"),
        ("1 = 1", "character 1: the rule reads no column"),
        ("l", "character 1: a rule must be true or false, and this is the long column `l`"),
        ("l = 1 & b", "character 7: '&' has no meaning here: write `and`"),
        ("1a = 1", "character 2: a number ends here"),
        ("", "character 1: a column or a value was expected, not the end"),
        ("(" * (DEEPEST + 1) + "b", f"character {DEEPEST + 1}: the expression is nested more than {DEEPEST} deep"),
        ("b" + " and b" * (MOST_OPERATIONS + 1), "character 903: the expression has more than 150 operators"),
        ("b" + " " * LONGEST_CHARS, "character 4001: the expression has 4,001 characters, and 4,000 are allowed"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        check(text, COLUMNS)
    assert str(raised.value).startswith(expected)


def test_the_longest_chain_of_operators_is_compiled() -> None:
    row = {**dict.fromkeys(KINDS), "b": True, "l": 1}
    assert values("l" + "+1" * (MOST_OPERATIONS - 1) + " > 0", [row]) == [True]
    assert values("b" + " and b" * MOST_OPERATIONS, [row]) == [True]
    assert values("l in (" + ", ".join(map(str, range(700))) + ")", [row]) == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l + 1 > 0", None),  # beyond 64 bits
        ("l * l > 0", None),
        ("l / 0 = 1", None),
        ("l % 0 = 1", None),
        ("x * 1e300 > 0", None),  # beyond a double
        ("m = 0.10", True),
        ("m < 0.100000000000000000001", False),  # as doubles: the column has no such digit
        ("m in (0.1, -3)", True),
        ("coalesce(m, x) > 0", True),
        ("date(ts) = '2024-02-29'", True),
        ("date(ts) = date('2024-02-29')", True),
        ("ts = '2024-02-29T23:30:00Z'", True),
        ("ts = '2024-03-01T00:30:00+01:00'", True),
        ("not l = 1", True),
        ("2 + 2 * 2 = 6 and b", True),
        ("-2 * 3 = -6 and b", True),
        ("round(2.5) = 2 and round(-0.125, 2) = -0.12 and b", True),
        ("b or l / 0 = 1", True),
        ("matches(t, '[a-z]')", False),  # the whole text
        ("matches(t, '[a-z]+')", True),
        ("t between 'a' and 'b'", True),
        ("`odd ``name``` is null", True),
    ],
)
def test_what_an_expression_means(text: str, expected: bool | None) -> None:  # noqa: FBT001
    row: Row = {
        **dict.fromkeys(KINDS),
        "t": "ab",
        "b": True,
        "l": 2**63 - 1,
        "x": 1e300,
        "m": Decimal("0.1"),
        "ts": datetime(2024, 2, 29, 23, 30, tzinfo=UTC),
    }
    assert values(text, [row]) == [expected]
