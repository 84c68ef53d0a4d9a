"""The report: one shape whatever the file, exact totals, the same from the service and from the command line."""

from __future__ import annotations

import gzip
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from services.validator.engine import FileReport, ParseLimits, Problem, row_problems, unread
from services.validator.report_page import schema
from tests.verdicts import writing
from tests.verdicts.judging import Judge

KEYS = ["verdict", "rows", "format", "compression", "encoding", "dialect", "columns", "timestamp", "problems"]
DAY = "2024-01-01"
FILES: dict[str, str | bytes] = {
    "good": f"ts,a\n{DAY},1\n",
    "with rejects": "ts,a\n" + f"{DAY},1\n" * 20 + f"{DAY},1,2\nsoon,2\n",
    "all bad": "ts,a\n1\n2\n",
    "no rows": "ts,a\n",
    "empty": "",
    "not text": b"\x89PNG\x00\x00",
    "no time": "a,b\n1,2\n",
    "ambiguous format": "day,a\n01/02/2024,1\n",
    "two times": f"start,stop\n{DAY},{DAY}\n",
    "gzip": gzip.compress(f"ts,a\n{DAY},1\n".encode()),
    "ndjson": f'{{"ts": "{DAY}", "a": 1}}\n',
    "parquet": writing.parquet(pa.table({"ts": [DAY], "a": [1]})),
    "xlsx": writing.xlsx([["ts", "a"], [DAY, 1]], sheets=("Data", "Notes")),
    "zip": writing.zipped({"a.csv": f"ts,a\n{DAY},1\n".encode(), ".hidden": b""}),
}


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("kind", FILES)
def test_every_report_has_the_documented_shape(judge: Judge, kind: str, required: bool) -> None:  # noqa: FBT001
    request = judge.request(FILES[kind]).model_copy(update={"require_time": required})
    report = judge.outcome(request).report
    assert list(report) == KEYS
    assert set(report["rows"]) == {"read", "accepted", "rejected"}
    assert report["timestamp"] is None or {"column", "format", "zone", "evidence"} <= set(report["timestamp"])
    for problem in report["problems"]:
        assert set(problem) == {"rule", "frictionless", "column", "count", "samples"}
        assert problem["samples"]
        for sample in problem["samples"]:
            assert set(sample) == {"record", "line", "value", "message", "suggestion"}
    jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)
    assert FileReport.model_validate(report).to_json().strip()


def test_what_the_schema_does_not_allow_is_seen(judge: Judge) -> None:
    report = judge(FILES["good"]).report
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, "verdict": "perhaps"}, schema(), cls=jsonschema.Draft202012Validator)


def test_the_service_and_the_command_line_say_the_same(judge: Judge) -> None:
    served = judge.request(FILES["with rejects"])
    alone = judge.request(FILES["with rejects"], name="other.csv")
    alone = alone.model_copy(update={"task_id": None, "require_time": False})
    assert judge.outcome(served).report == judge.outcome(alone).report


def test_totals_are_exact_per_rule_and_column_and_samples_are_bounded(judge: Judge) -> None:
    text = f"ts,a\n{DAY},1\n" + "soon,2\n" * 30 + "1\n" * 7 + ",3\n" * 2
    outcome = judge(text, limits=ParseLimits(max_problem_samples=3), timestamp_column="ts", max_rejected_ratio=1)
    problems = outcome.report["problems"]
    assert [(one["rule"], one["column"], one["count"], len(one["samples"])) for one in problems] == [
        ("timestamp_invalid", "ts", 30, 3),
        ("field_count", None, 7, 3),
        ("timestamp_missing", "ts", 2, 2),
    ]
    assert sum(one["count"] for one in problems) == outcome.report["rows"]["rejected"] == len(outcome.rejects)
    assert [sample(one) for one in problems] == [(2, 3, "soon"), (32, 33, "1"), (39, 40, "")]


def sample(problem: dict[str, Any]) -> tuple[int, int, str]:
    first = problem["samples"][0]
    return first["record"], first["line"], first["value"]


def test_samples_are_bounded_over_all_kinds_too(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_problems, "_MAX_SAMPLES_IN_ALL", 5)
    report = judge(f"ts,a\n{DAY},1\n" + "soon,2\n" * 4 + "1\n" * 4, timestamp_column="ts", max_rejected_ratio=1).report
    assert [(one["count"], len(one["samples"])) for one in report["problems"]] == [(4, 4), (4, 1)]


def test_a_long_value_is_cut(judge: Judge) -> None:
    (problem,) = judge(f"ts,a\n{DAY},1\n{'x' * 5_000}\n").report["problems"]
    assert problem["samples"][0]["value"] == "x" * 200


def test_the_answers_to_an_open_time_are_listed(judge: Judge) -> None:
    report = judge(FILES["ambiguous format"]).report
    (problem,) = report["problems"]
    assert (problem["rule"], problem["column"], problem["count"]) == ("timestamp_ambiguous", "day", 0)
    assert [one["suggestion"] for one in problem["samples"]] == [
        "timestamp_column=day timestamp_format=dd/MM/yyyy",
        "timestamp_column=day timestamp_format=MM/dd/yyyy",
    ]
    assert (report["timestamp"]["column"], report["timestamp"]["format"]) == ("day", None)
    two = judge(FILES["two times"]).report
    assert (two["timestamp"]["column"], two["timestamp"]["format"]) == (None, "iso")
    assert two["problems"][0]["column"] is None


@pytest.mark.parametrize(
    ("times", "zone"),
    [
        (("2024-01-01T00:00",), "UTC"),
        (("2024-01-01T00:00Z",), "as written"),
        (("2024-01-01T00:00+02:00", "2024-01-01T00:00"), "as written, else UTC"),
    ],
)
def test_the_time_is_told_with_its_zone_and_evidence(judge: Judge, times: tuple[str, ...], zone: str) -> None:
    found = judge("ts,a\n" + "".join(f"{time},1\n" for time in times) + "NA,1\n").report["timestamp"]
    assert (found["column"], found["format"], found["zone"]) == ("ts", "iso", zone)
    (evidence,) = found["evidence"]
    assert (evidence["timestamp_column"], evidence["timestamp_format"], evidence["example"]) == (
        "ts",
        ["iso"],
        times[0],
    )
    assert (evidence["parsed"], evidence["of"]) == (len(times), len(times))


def test_facts_that_a_column_does_not_have_are_left_out(judge: Judge) -> None:
    number, text, decimal = judge(f"ts,n,s,d\n{DAY},1,x,3.141592653589793238\n").report["columns"]
    assert "why_not_long" not in number
    assert "why_not" not in text
    assert "min" not in decimal


def test_a_file_that_was_given_up_has_a_report_too() -> None:
    report = unread([Problem(code="limit_time", message="Validating took too long.")])
    assert list(report.model_dump(exclude_unset=True)) == KEYS
    assert (report.verdict, report.problems[0].rule) == ("rejected", "limit_time")
