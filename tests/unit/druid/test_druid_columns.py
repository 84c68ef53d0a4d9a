"""What is read from Druid's answers about columns; the answers are those of a real server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.druid import ETERNITY
from shared.druid_columns import HttpColumns

MERGE_ERROR = "error:cannot_merge_diff_types: [STRING] and [LONG]"


def told(**types: str | None) -> dict[str, Any]:
    """An analysis; None is what Druid makes of a column whose segments differ."""
    return {
        "columns": {
            name: {"typeSignature": kind or "STRING", "type": "x", "errorMessage": None if kind else MERGE_ERROR}
            for name, kind in types.items()
        }
    }


class Answering:
    """Answers each question with the next of `answers`, and remembers it."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    async def ask(self, method: str, path: str, *, body: object = None, params: Mapping[str, str] | None = None) -> Any:
        assert (method, path, params) == ("POST", "/druid/v2", None)
        self.asked.append(body)
        return self.answers.pop(0)


async def test_one_merged_answer_says_all_where_segments_agree() -> None:
    druid = Answering([told(a="LONG", j="COMPLEX<json>", l="ARRAY<STRING>")])
    found = await HttpColumns(druid).live("d", ["a", "j", "l", "new"], [ETERNITY])
    assert found == {"a": {"LONG"}, "j": {"COMPLEX<json>"}, "l": {"ARRAY<STRING>"}}
    (asked,) = druid.asked
    assert (asked["dataSource"], asked["intervals"], asked["merge"]) == ("d", [ETERNITY], True)
    assert asked["toInclude"] == {"type": "list", "columns": ["a", "j", "l", "new"]}


async def test_segments_that_differ_are_asked_one_by_one_about_such_columns_only() -> None:
    druid = Answering([told(a=None, b="LONG")], [told(a="LONG"), told(a="STRING"), told(a="LONG"), told()])
    assert await HttpColumns(druid).live("d", ["a", "b"], [ETERNITY]) == {"a": {"LONG", "STRING"}, "b": {"LONG"}}
    assert [(one["merge"], one["toInclude"]["columns"]) for one in druid.asked] == [(True, ["a", "b"]), (False, ["a"])]


async def test_what_druid_makes_of_a_column_that_differs_is_no_type_of_it() -> None:
    """The segments may be gone when they are asked one by one."""
    assert await HttpColumns(Answering([told(a=None)], [])).live("d", ["a"], [ETERNITY]) == {}


async def test_a_datasource_that_is_not_there_has_no_columns() -> None:
    assert await HttpColumns(Answering([])).live("d", ["a"], [ETERNITY]) == {}


async def test_nothing_is_asked_about_nothing() -> None:
    druid = Answering()
    assert await HttpColumns(druid).live("d", [], [ETERNITY]) == {}
    assert await HttpColumns(druid).live("d", ["a"], []) == {}
