"""Values under a contract: those that are of their column's type and keep its checks, and those that are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .case import Bad, Case
from .stated import stated


def values(*cells: str, name: str = "v") -> str:
    """A file of one column beside its time."""
    return f"ts|{name}\n" + "".join(f"2024-01-01T00:00:0{number}Z|{cell}\n" for number, cell in enumerate(cells))


class Check(NamedTuple):
    """A column with a check, the cells that keep it and those that break it, and the check's name."""

    fault: str
    column: str
    good: dict[str, Any]
    bad: list[str]
    constraint: str


class Typed(NamedTuple):
    """A column with a type, the cells that are of it with their values, those that are not, and what is suggested."""

    fault: str
    column: str
    good: dict[str, Any]
    bad: list[str]
    suggestion: str | None


CHECKS = (
    Check("nullable: text", "type: text, nullable: false", {"a": "a"}, ["", ""], "nullable"),
    Check("nullable: a null marker", "type: long, nullable: false", {"1": 1}, ["NA", ""], "nullable"),
    Check("range: below a long", "type: long, checks: {min: 3}", {"3": 3, "": None}, ["2", "-9"], "min"),
    Check("range: above a double", "type: double, checks: {max: 0.5}", {"0.5": 0.5, "-1e3": -1e3}, ["0.51"], "max"),
    Check(
        "range: below a decimal",
        "type: decimal, scale: 2, checks: {min: 0.10}",
        {"0.1": "0.1", "7": "7"},
        ["0.09"],
        "min",
    ),
    Check("date range", "type: date, checks: {max: 2024-02-01}", {"2024-02-01": "2024-02-01"}, ["2024-02-02"], "max"),
    Check(
        "date range: a timestamp",
        "type: timestamp, checks: {min: 2024-02-01}",
        {"2024-02-01": "2024-02-01T00:00:00Z"},
        ["2024-01-31T23:59:59Z"],
        "min",
    ),
    Check("enum: text", "type: text, checks: {enum: [NO, SE]}", {"NO": "NO", "": None}, ["DK", "no"], "enum"),
    Check("enum: numbers", "type: long, checks: {enum: [1, 2]}", {"1": 1, "-": None}, ["3"], "enum"),
    Check("pattern", "type: text, checks: {pattern: '[0-9]{3}'}", {"123": "123"}, ["1234", "x123"], "pattern"),
    Check("length: too short", "type: text, checks: {min_length: 2}", {"ab": "ab"}, ["a", "ä"], "min_length"),
    Check("length: too long", "type: text, checks: {max_length: 2}", {"äö": "äö"}, ["abc"], "max_length"),
)

TYPES = (
    Typed(
        "long: a fraction, a leading zero, 2^63",
        "type: long",
        {"1": 1, "-9223372036854775808": -(2**63), "NA": None},
        ["1.0", "007", "9223372036854775808"],
        None,
    ),
    Typed("long: space around", "type: long", {"1": 1}, [" 12"], "12"),
    Typed(
        "double: more digits than it keeps",
        "type: double",
        {"1": 1.0, "1.5": 1.5, "1e3": 1000.0, "": None},
        ["0.12345678901234567890", "x"],
        None,
    ),
    Typed("double: a decimal comma", "type: double", {"0.5": 0.5}, ["1,5"], "1.5"),
    Typed(
        "decimal: beyond its scale",
        "type: decimal, scale: 2",
        {"1.50": "1.50", "-1": "-1", "1.500": "1.500"},
        ["1.501", "1e3"],
        None,
    ),
    Typed(
        "decimal: beyond ten digits",
        "type: decimal",
        {"12345678901234567890.5": "12345678901234567890.5"},
        ["0.12345678901"],
        None,
    ),
    Typed("boolean", "type: boolean", {"true": "true", "FALSE": "false", "null": None}, ["yes", "1"], None),
    Typed(
        "date: none in the calendar, a time",
        "type: date",
        {"2024-02-29": "2024-02-29"},
        ["2023-02-29", "2024-01-01T10:00:00"],
        None,
    ),
    Typed(
        "date in a format",
        "type: date, format: '%d.%m.%Y'",
        {"29.02.2024": "2024-02-29"},
        ["31.02.2024"],
        None,
    ),
    Typed(
        "date in another format",
        "type: date, format: '%d.%m.%Y'",
        {"29.02.2024": "2024-02-29"},
        ["2024-03-01"],
        "01.03.2024",
    ),
    Typed(
        "timestamp",
        "type: timestamp",
        {"2024-02-29": "2024-02-29T00:00:00Z", "2024-01-01T10:00:00.25+02:00": "2024-01-01T08:00:00.250Z"},
        ["soon"],
        None,
    ),
    Typed(
        "timestamp: an hour that its zone skipped",
        "type: timestamp, zone: Europe/Berlin",
        {"2024-02-29T12:00:00": "2024-02-29T11:00:00Z"},
        ["2024-03-31T02:30:00"],
        None,
    ),
    Typed(
        "timestamp: not in its format",
        "type: timestamp, format: epoch_s",
        {"1700000000": "2023-11-14T22:13:20Z"},
        ["2023-11-14"],
        None,
    ),
    Typed("json: none at all", "type: json", {'{"a":[1]}': '{"a":[1]}', "": None, "[1]": "[1]"}, ["{a", "NaN"], None),
    Typed("text: nothing is wrong", "type: text", {"NA": "NA", "": None, " x ": " x "}, [], None),
)


def _of_cells(
    about: str, fault: str, column: str, good: dict[str, Any], bad: list[str], rule: str, constraint: str | None
) -> Case:
    first = len(good) + 1
    return Case(
        about,
        fault,
        values(*good, *bad).encode(),
        {"delimiter": "|"},
        rows=tuple((value,) for value in good.values()),
        bad=tuple(Bad(rule, first + place, first + place + 1, constraint) for place in range(len(bad))),
        contract=stated(f"  - {{name: v, {column}}}\n"),
    )


def _cells() -> Iterator[Case]:
    for check in CHECKS:
        about = "a contract: constraints"
        yield _of_cells(about, check.fault, check.column, check.good, check.bad, "constraint-error", check.constraint)
    for one in TYPES:
        yield _of_cells("a contract: types", one.fault, one.column, one.good, one.bad, "type-error", None)


CASES = tuple(_cells())
