"""A report as a person sees it: the verdict first, 80 columns, nothing that acts on the terminal."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from services.report_view import WIDTH, inference_lines, validation_lines
from services.validator.engine import FileReport

QUESTION = "No column looks like a time. If one of them is the time, send its name as timestamp_column."


def column(name: str, kind: str | None = "text", **facts: Any) -> dict[str, Any]:
    druid = kind if kind in {"long", "double"} else "string"
    known = {"name": name, "source_name": name, "renamed": None, "type": druid, "logical_type": kind, "nulls": 0}
    return {**known, **facts}


def evidence(name: str, *formats: str, standing: str = "chosen", **facts: Any) -> dict[str, Any]:
    plain = {
        "timestamp_column": name,
        "timestamp_format": formats,
        "standing": standing,
        "parsed": 9,
        "of": 9,
        "example": "2024-01-01",
        "ambiguous_days": 0,
        "zone": "none",
        "first": "2024-01-01T00:00:00Z",
        "last": "2024-01-09T00:00:00Z",
        "plausible": 1.0,
        "ascending": 1.0,
    }
    return {**plain, **facts}


def problem(rule: str, count: int, *samples: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    return {"rule": rule, "column": name, "count": count, "samples": list(samples)}


def sample(
    message: str, *, line: int | None = None, value: str | None = None, meant: str | None = None
) -> dict[str, Any]:
    return {"record": line, "line": line, "value": value, "message": message, "suggestion": meant}


def report(**fields: Any) -> FileReport:
    plain = {
        "verdict": "accepted",
        "rows": {"read": 1000, "accepted": 1000, "rejected": 0},
        "format": "delimited",
        "compression": "gzip",
        "encoding": "utf-8",
        "dialect": {"delimiter": ";"},
        "columns": [
            column("city", distinct=2, distinct_exact=True, min="Oslo", max="Quito", samples=["Oslo", "Quito"]),
            column("n", "long", nulls=1234, distinct=99_500, distinct_exact=False, min=-5, max=90_000),
        ],
        "timestamp": {
            "column": "when",
            "format": "iso",
            "zone": "UTC",
            "note": "no value names a zone: all are taken as UTC",
            "first": "2024-01-01T00:00:00Z",
            "last": "2024-01-09T00:00:00Z",
            "evidence": [evidence("when", "iso")],
        },
        "problems": [],
    }
    return FileReport.model_validate({**plain, **fields})


def open_time(*formats: str) -> dict[str, Any]:
    options = [evidence("a day", *formats, standing="possible", parsed=2, of=2, example="01/02/2024", ambiguous_days=1)]
    return {
        "column": "a day",
        "format": None,
        "zone": None,
        "note": None,
        "first": None,
        "last": None,
        "evidence": options,
    }


def shown(found: FileReport, name: str = "rows.csv") -> str:
    lines = validation_lines(found, name)
    assert max(cell_len(line.text) for line in lines) <= WIDTH
    return "\n".join(line.text for line in lines)


def test_an_accepted_file() -> None:
    assert shown(report()) == (
        "ACCEPTED  rows.csv\n"
        "  1,000 rows read, 1,000 good, 0 bad\n"
        "  gzip, delimited, utf-8, delimiter ';'\n"
        "\n"
        "  column  type nulls distinct  min                   max\n"
        "  when    time     0           2024-01-01T00:00:00Z  2024-01-09T00:00:00Z\n"
        "  city    text     0        2  Oslo                  Quito\n"
        "  n       long 1,234  ~99,500  -5                    90000\n"
        "\n"
        "  Time\n"
        "    when as iso: 9 of 9 values, for example 2024-01-01\n"
        "      no value names a zone: all are taken as UTC\n"
        "\n"
        "  What to do next\n"
        "    ingest put rows.csv -d NAME"
    )


def test_bad_rows_are_told_by_their_number_with_a_few_samples() -> None:
    faults = [
        problem("timestamp_invalid", 1500, *(sample(f"'{n}' is no time", line=n, value=str(n)) for n in range(2, 9))),
        problem("field_count", 2, sample("expected 2 fields, got 1", line=7, value="broken row")),
    ]
    text = shown(report(verdict="accepted_with_rejects", rows=rows(1000, 993, 7), problems=faults))
    assert "ACCEPTED WITH REJECTS  rows.csv\n  1,000 rows read, 993 good, 7 bad\n" in text
    assert "    1,500 x timestamp_invalid\n      line 2: '2' is no time\n" in text
    assert text.count("is no time") == 3
    assert "    2 x field_count\n      line 7: expected 2 fields, got 1: broken row\n" in text
    assert "ingest validate rows.csv --rejects-out FILE" in text


def rows(read: int, accepted: int | None, rejected: int | None) -> dict[str, int | None]:
    return {"read": read, "accepted": accepted, "rejected": rejected}


def test_a_rejected_file_says_why() -> None:
    empty: dict[str, Any] = {
        "columns": [],
        "timestamp": None,
        "rows": {"read": None, "accepted": None, "rejected": None},
    }
    text = shown(report(verdict="rejected", problems=[problem("encoding", 0, sample("No UTF-8. " * 20))], **empty))
    assert text.startswith("REJECTED  rows.csv\n  gzip")
    assert "    encoding\n      No UTF-8. No UTF-8." in text
    assert "correct the file" in text
    assert "sample" not in text


def test_what_ingestion_would_ask_is_no_problem_of_the_rows() -> None:
    text = shown(report(timestamp=None, problems=[problem("timestamp_missing", 0, sample(QUESTION))]))
    assert text.startswith("ACCEPTED  rows.csv\n")
    assert "Problems" not in text
    assert "  To load it, the time has to be known\n    No column looks like a time." in text
    assert text.endswith("ingest put rows.csv -d NAME --timestamp-column COLUMN")


@pytest.mark.parametrize(("verdict", "command"), [("accepted", "put my.csv -d NAME"), ("rejected", "validate my.csv")])
def test_the_answers_are_commands_to_copy(verdict: str, command: str) -> None:
    asked = problem("timestamp_ambiguous", 0, sample("Which?"))
    text = shown(report(verdict=verdict, timestamp=open_time("dd/MM/yyyy", "MM/dd/yyyy"), problems=[asked]), "my.csv")
    joined = text.replace(" \\\n       ", "")
    assert f"ingest {command} --timestamp-column 'a day' --timestamp-format dd/MM/yyyy" in joined
    assert f"ingest {command} --timestamp-column 'a day' --timestamp-format MM/dd/yyyy" in joined


def test_the_next_command_reads_the_file_by_the_same_options() -> None:
    said = {"encoding": "cp1252", "delimiter": "\t", "timestamp_column": "b day"}
    found = report(verdict="accepted_with_rejects", rows=rows(1000, 993, 7))
    text = "\n".join(line.text for line in validation_lines(found, "my.csv", said=said))
    options = "--encoding cp1252 --delimiter DELIMITER \\\n        --timestamp-column 'b day'"
    assert f"ingest put my.csv -d NAME {options}" in text
    assert f"ingest validate my.csv {options} --rejects-out FILE" in text


def test_an_answer_takes_the_place_of_what_was_said() -> None:
    said = {"timestamp_column": "a day", "sheet": "2"}
    asked = problem("timestamp_ambiguous", 0, sample("Which?"))
    found = report(timestamp=open_time("dd/MM/yyyy"), problems=[asked])
    text = "".join(line.text for line in validation_lines(found, "my.xlsx", said=said))
    assert "ingest put my.xlsx -d NAME --sheet 2 --timestamp-column 'a day' \\" in text


def test_what_was_not_read_is_said() -> None:
    sheet = {"sheet": "2024", "other_sheets": ["2023", "Notes"], "disagreement": "the name says xml; " * 6}
    text = shown(report(format="xlsx", compression=None, encoding=None, dialect=sheet))
    assert "\n  xlsx, sheet 2024\n  sheets not read: 2023, Notes\n  the name says xml;" in text
    members = [{"name": "a.csv", "records": 3}, {"name": "b.csv", "records": 4}]
    archive = {"delimiter": ",", "archive": "zip", "members": members, "skipped_members": [".hidden"]}
    text = shown(report(dialect=archive, compression=None))
    assert "\n  delimited, utf-8, delimiter ',', 2 members of a zip\n  members not read: .hidden\n" in text


def test_a_bad_row_has_the_place_that_its_format_knows() -> None:
    places = [
        {**sample("no UTF-8"), "record": 7},
        {**sample("no UTF-8", line=3), "member": "b.csv"},
    ]
    text = shown(report(verdict="accepted_with_rejects", problems=[problem("encoding", 2, *places)]))
    assert "      record 7: no UTF-8\n      b.csv, line 3: no UTF-8\n" in text


@pytest.mark.parametrize("evil", ["\x1b[2Jgone", "a\rb\nc", "\x9b31m", "\u202eevil", "漢字" * 15, "x" * 200])
def test_what_a_file_says_does_not_act_on_the_terminal(evil: str) -> None:
    fault = problem("timestamp_invalid", 1, sample(f"{evil!r} is no time", line=2, value=evil), name=evil)
    refusal = {"type": "long", "value": evil, "record": 1, "suggestion": evil}
    fault["samples"][0]["suggestion"] = evil
    found = report(
        columns=[column(evil, min=evil, max=evil, samples=[evil], why_not=refusal, note=evil)],
        problems=[fault],
        dialect={"delimiter": evil[:1]},
        timestamp={**report().model_dump()["timestamp"], "column": evil, "evidence": [evidence(evil, evil)]},
    )
    for lines in (validation_lines(found, f"{evil}.csv"), inference_lines(found)):
        assert all(line.text.isprintable() for line in lines)
        assert max(cell_len(line.text) for line in lines) <= WIDTH


def test_what_was_written_is_not_offered_again() -> None:
    found = report(verdict="accepted_with_rejects", rows=rows(1000, 993, 7))
    text = "\n".join(line.text for line in validation_lines(found, "rows.csv", {"bad rows": "bad.ndjson"}))
    assert "  Written\n    bad rows: bad.ndjson\n" in text
    assert "--rejects-out" not in text


def test_very_many_columns_and_kinds_of_problems_are_cut_and_counted() -> None:
    kinds = [problem("field_count", 1, sample("m", line=1), name=f"c{n}") for n in range(100)]
    text = shown(report(columns=[column(f"c{n}") for n in range(2_000)], problems=kinds))
    assert "and 1,950 more columns" in text
    assert "and 80 more kinds" in text
    assert text.count("\n") < 150


def test_the_colour_is_that_of_the_verdict() -> None:
    styles = [validation_lines(report(verdict=verdict), "f")[0].style for verdict in ("accepted", "rejected")]
    assert styles == ["green", "red"]


def test_inference_says_why_and_which_time() -> None:
    why = {"type": "double", "value": "1,5", "record": 3_000, "suggestion": "1.5"}
    lines = inference_lines(report(columns=[column("n", why_not=why), column("d", note="dates, but no order")]))
    text = "\n".join(line.text for line in lines)
    assert "    n is no double: 1,5 in record 3,000 (1.5?)\n    d: dates, but no order\n" in text
    assert "    when as iso: 9 of 9 values, for example 2024-01-01" in text
    assert "ACCEPTED" not in text


def test_runners_up_are_shown_and_no_command_offers_them() -> None:
    others = [
        evidence("start", "iso", standing="possible", parsed=1000, of=1000),
        evidence("stop", "dd/MM/yyyy", "MM/dd/yyyy", standing="possible", parsed=1000, of=1000, ambiguous_days=7),
        evidence("due", "iso", standing="runner_up", parsed=3),
    ]
    asked = problem("timestamp_ambiguous", 0, sample("Which?"))
    time = {"column": None, "format": None, "zone": None, "note": None, "first": None, "last": None, "evidence": others}
    text = shown(report(timestamp=time, problems=[asked]))
    assert "    perhaps start as iso: 1,000 of 1,000 values, for example" in text
    assert "    perhaps stop as dd/MM/yyyy or MM/dd/yyyy: 1,000 of 1,000 values, 7 with day" in text
    assert "    not due as iso: 3 of 9 values\n" in text
    assert text.count("--timestamp-column") == 3
    assert "--timestamp-column due" not in text


def test_very_much_evidence_is_cut_and_counted() -> None:
    many = [evidence(f"c{n}", "iso", standing="runner_up") for n in range(40)]
    time = {"column": None, "format": None, "zone": None, "note": None, "first": None, "last": None, "evidence": many}
    assert "    and 30 more: -o json has them all" in shown(report(timestamp=time))


def test_what_must_have_been_meant_is_never_cut() -> None:
    near = sample("' 2024-01-02' cannot be read as iso", line=2, value=" 2024-01-02", meant="2024-01-02")
    far = sample("' 2024-01-02' cannot be read as iso, " + "because " * 10, line=3, meant="2024-01-02")
    text = shown(report(verdict="accepted_with_rejects", problems=[problem("timestamp_invalid", 2, near, far)]))
    assert "      line 2: ' 2024-01-02' cannot be read as iso (2024-01-02?)\n" in text
    assert "…\n        (2024-01-02?)\n" in text


def test_long_values_share_the_room() -> None:
    wide = {"distinct": 12_345_678, "distinct_exact": False, "nulls": 12_345_678}
    text = shown(
        report(columns=[column("a rather long name of a column", "timestamp", min="x" * 80, max="y" * 80, **wide)])
    )
    (line,) = [line for line in text.splitlines() if "xxx" in line]
    assert line.startswith("  a rather long name …  timestamp 12,345,678 ~12,345,678  xxx")
    assert "yyyy" in line
    text = shown(report(columns=[column("a", min="x" * 80, max="y" * 80), column("n", "long", min=1, max=2)]))
    assert "xxxxxxxxxxxxxxxxxxxx" in text


def test_what_was_left_out_and_renamed_is_told() -> None:
    renamed = {**column("a_2"), "source_name": "a", "renamed": "repeated name"}
    unnamed = {**column("column_3"), "source_name": "", "renamed": "blank name"}
    dialect = {
        "delimiter": ";",
        "header": False,
        "skip_rows": 1,
        "skip_rows_evidence": "detected: 1 title row",
        "comment": "%",
        "comment_lines": 1200,
        "trailing_delimiter": "the last column is dropped",
    }
    text = shown(report(dialect=dialect, columns=[renamed, unnamed]))
    assert "  no header: the columns are numbered\n" in text
    assert "  1 line before the header not read: detected: 1 title row\n" in text
    assert "  1,200 lines of comments not read: they begin with %\n" in text
    assert "  the last column is dropped\n" in text
    assert "  renamed: a -> a_2, (blank) -> column_3\n" in text


def test_why_numbers_are_not_read_is_told_with_the_columns() -> None:
    asked = column("n", number_evidence="'1,234' could have thousands or decimals: send decimal_mark")
    lines = [line.text for line in inference_lines(report(columns=[asked]))]
    assert any("send decimal_mark" in line for line in lines)
