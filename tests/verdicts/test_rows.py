"""Which records there are, which are bad, and where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import ParseLimits, source
from tests.verdicts.judging import Judge

DAY = "2024-01-01"


def test_seven_bad_among_a_thousand_are_named_by_record_line_and_offset(judge: Judge) -> None:
    bad = {3: "x", 100: "", 333: f"{DAY},1", 500: f"{DAY},1,2,3", 640: f'{DAY},"a"b,2', 999: "NA,1,2", 1000: "12,1,2"}
    lines = ["ts,a,b"] + [bad.get(n) or f"{DAY},{n},x" for n in range(1, 1001) if n != 100]
    lines.insert(100, ",1,x")
    outcome = judge("\n".join(lines) + "\n")
    verdict = outcome.accepted
    assert (verdict.rows_read, verdict.rows_accepted, verdict.rows_rejected, verdict.second_count) == (
        1000,
        993,
        7,
        1000,
    )
    assert [row["record"] for row in outcome.rejects] == sorted(bad)
    assert [row["line"] for row in outcome.rejects] == [n + 1 for n in sorted(bad)]
    text = "\n".join(lines).encode()
    for row in outcome.rejects:
        assert text[row["byte_offset"] :].decode().startswith(row["raw"])
    assert outcome.error_codes == [
        "field_count",
        "timestamp_missing",
        "field_count",
        "field_count",
        "quote",
        "timestamp_missing",
        "timestamp_invalid",
    ]
    assert verdict.reject_counts == {"field_count": 3, "timestamp_missing": 2, "quote": 1, "timestamp_invalid": 1}
    assert [row["a"] for row in outcome.rows] == [n for n in range(1, 1001) if n not in bad]


def test_a_rejected_row_tells_its_fields_and_what_was_expected(judge: Judge) -> None:
    outcome = judge(f"ts,a\n{DAY},1,2\nsoon,x\n{DAY},1\n", timestamp_column="ts")
    ragged, no_time = outcome.rejects
    assert ragged["fields"] == [DAY, "1", "2"]
    assert said(ragged) == ("field_count", None, None, "expected 2 fields, got 3")
    assert no_time["fields"] == {"ts": "soon", "a": "x"}
    assert said(no_time) == ("timestamp_invalid", "ts", "soon", "'soon' cannot be read as iso")


def said(row: dict[str, Any]) -> tuple[str | None, ...]:
    (error,) = row["errors"]
    return error["code"], error["column"], error["value"], error["message"]


def test_quoted_newlines_delimiters_and_quotes_are_content(judge: Judge) -> None:
    outcome = judge(f'ts,a\n{DAY},"one\ntwo, ""three""\r\nfour"\n{DAY},"""",\n{DAY},five" x\n')
    assert [row["a"] for row in outcome.rows] == ['one\ntwo, "three"\r\nfour', 'five" x']
    (ragged,) = outcome.rejects
    assert (ragged["record"], ragged["line"]) == (2, 5)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(judge: Judge, end: str) -> None:
    outcome = judge(end.join(["ts,a", f"{DAY},x", f"{DAY},y", f'{DAY},"z"', ""]))
    assert [row["a"] for row in outcome.rows] == ["x", "y", "z"]


def test_mixed_line_ends_and_no_last_one(judge: Judge) -> None:
    outcome = judge(f"ts,a\r\n{DAY},x\n{DAY},y\r{DAY},z\r\n{DAY},w")
    assert [row["a"] for row in outcome.rows] == ["x", "y", "z", "w"]


@pytest.mark.parametrize("chunk", [8, 9, 10, 11, 12, 13, 64])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_where_the_chunks_are_cut_makes_no_difference(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, chunk: int, end: str
) -> None:
    body = [f'{DAY},"a{end}{end}b"', "", f"{DAY},é€😀", f'{DAY},"x" ', f'{DAY},"y"z', f"{DAY}", f"{DAY},last"]
    text = end.join(["ts,a", *body])
    whole = judge(text)
    monkeypatch.setattr(source, "CHUNK_BYTES", chunk)
    cut = judge(text)
    assert cut.verdict.model_copy(update={"parts": ()}) == whole.verdict.model_copy(update={"parts": ()})
    assert cut.rows == whole.rows
    assert cut.rejects == whole.rejects
    assert [row["record"] for row in cut.rejects] == [3, 4, 5]


def test_blank_lines_are_no_records_and_are_counted(judge: Judge) -> None:
    outcome = judge(f"\n\nts,a\n\n{DAY},x\n\n\n{DAY},y,\n")
    assert outcome.accepted.rows_read == 2
    assert outcome.report["dialect"]["blank_lines"] == 5
    assert [(row["record"], row["line"]) for row in outcome.rejects] == [(2, 8)]


def test_in_a_file_of_one_column_an_empty_value_is_two_quotes(judge: Judge) -> None:
    outcome = judge(f'ts\n{DAY}\n\n""\n2024-01-02\n')
    assert outcome.accepted.rows_read == 3
    assert outcome.error_codes == ["timestamp_missing"]
    assert outcome.report["dialect"]["blank_lines"] == 1


def test_a_stray_quote_costs_one_record(judge: Judge) -> None:
    good = [f"{DAY},{n}" for n in range(1, 50)]
    outcome = judge("\n".join(["ts,a", *good[:10], f'{DAY},"oops" oh', *good[10:]]))
    assert outcome.accepted.rows_accepted == 49
    (row,) = outcome.rejects
    assert (row["record"], row["raw"], row["fields"]) == (11, f'{DAY},"oops" oh', [])
    assert "after a closing quote" in row["errors"][0]["message"]


def test_a_quote_that_is_never_closed_ends_the_file_with_its_line(judge: Judge) -> None:
    good = [f"{DAY},{n}" for n in range(1, 50)]
    outcome = judge("\n".join(["ts,a", *good[:10], f'{DAY},"oops', *good[10:]]))
    assert (outcome.code, outcome.detail) == ("quote", {"line": 12})
    assert "From line 12 on" in outcome.message
    assert not list(outcome.folder.glob("part-*"))


def test_an_open_quote_is_read_on_for_sixteen_times_the_longest_record(judge: Judge) -> None:
    limits = ParseLimits(max_record_bytes=100)
    lines = ["ts,a", f'{DAY},"open', *[f"{DAY},{n}" for n in range(50)], 'closed"', f"{DAY},last"]
    outcome = judge("\n".join(lines), limits=limits)
    assert outcome.accepted.rows_accepted == 1
    assert [(row["record"], row["line"]) for row in outcome.rejects] == [(1, 2)]
    assert outcome.error_codes == ["limit_record"]
    lines[2:2] = [f"{DAY},x{n}" for n in range(100)]
    outcome = judge("\n".join(lines), limits=limits)
    assert (outcome.code, outcome.detail) == ("quote", {"line": 2})


@pytest.mark.parametrize(("length", "accepted"), [(100, 2), (101, 1)])
def test_the_longest_record_is_exact_for_both_readers(judge: Judge, length: int, accepted: int) -> None:
    inner = length - len(DAY) - len(',""')
    outcome = judge(f'ts,a\n{DAY},"\n{"x" * (inner - 1)}"\n{DAY},y\n', limits=ParseLimits(max_record_bytes=100))
    assert outcome.accepted.rows_accepted == accepted
    assert outcome.accepted.second_count == outcome.accepted.rows_read


def test_hostile_quotes_end_in_a_rejection_not_in_quadratic_time(judge: Judge) -> None:
    # From outside such a line opens a quote at its end; from inside a quote it leaves one open.
    outcome = judge("ts,b,c\n" + 'a",b,"c\n' * 5_000)
    assert outcome.code == "quote"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":"])
def test_common_delimiters_are_found(judge: Judge, delimiter: str) -> None:
    outcome = judge("".join(delimiter.join(row) + "\n" for row in (["ts", "a", "b"], [DAY, "x y", "1"], [DAY, "", ""])))
    assert outcome.reading["delimiter"] == delimiter
    assert [row["a"] for row in outcome.rows] == ["x y", None]


@pytest.mark.parametrize("delimiter", ["~", "\x01", "^", "]", "-", "¦", "😀", "a"])
def test_any_delimiter_can_be_declared(judge: Judge, delimiter: str) -> None:
    text = "".join(delimiter.join(row) + "\n" for row in (["ts", "q"], ["20240101", "x"], ["20240102", '"y"', "z"]))
    outcome = judge(text.replace("20240101", "1704067200"), delimiter=delimiter)
    assert [row["q"] for row in outcome.rows] == ["x"]
    assert outcome.error_codes == ["field_count"]


def test_semicolons_win_over_decimal_commas(judge: Judge) -> None:
    outcome = judge(f"day;price, EUR;n\n{DAY};1,50;2\n{DAY};2,75;3\n")
    assert outcome.types == {"price, EUR": "double", "n": "long"}
