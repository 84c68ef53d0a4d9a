"""Corrected rows are read as the file was that they come from, and stand for each of its bad records once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from services.validator.engine import Accepted
from services.validator.engine.request import Correction
from shared.contract import read_contract
from tests.verdicts.judging import Judge, Outcome
from tests.verdicts.writing import xlsx

PARENT = (
    """\
day,n,price,city
01/02/2024,1,1.5,Rome
2/2
03/02/2024,x,2
29/02/2024,4,2.5,Oslo
soon,5,1,Bonn
14/02/2024,6,,NA
"""
    + "14/02/2024,6,,NA\n" * 10
)


@dataclass
class Family:
    """A file with bad rows, and what corrects it."""

    judge: Judge
    parent: Outcome
    settled: str = ""
    gap: int = 3

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return self.parent.rejects

    def corrected(self, content: str | bytes, *, name: str = "rows.ndjson", **options: Any) -> Outcome:
        accepted, rejects = self.parent.accepted, self.parent.verdict.rejects
        assert rejects is not None
        correction = Correction(
            columns=accepted.reading,
            rows=self.gap,
            parent_rejects=self.parent.folder / rejects.name,
            settled=self.settled,
        )
        request = self.judge.request(content, name=name, **options)
        return self.judge.outcome(request.model_copy(update={"correction": correction}))

    def lines(self, *rows: tuple[dict[str, Any], Any]) -> str:
        return "".join(json.dumps({**reject, "fields": fields}) + "\n" for reject, fields in rows)


@pytest.fixture
def family(judge: Judge) -> Family:
    return Family(judge, judge(PARENT))


def test_the_parent_is_what_the_tests_mean(family: Family) -> None:
    assert [reject["record"] for reject in family.rejects] == [2, 3, 5]
    assert family.parent.accepted.rejected_records == "2-3,5"
    assert [(one.name, one.type, one.time_format) for one in family.parent.accepted.reading] == [
        ("day", "time", "dd/MM/yyyy"),
        ("n", "long", None),
        ("price", "double", None),
        ("city", "text", None),
    ]


def test_edited_rejects_are_read_as_the_parent_was(family: Family) -> None:
    short, long, late = family.rejects
    outcome = family.corrected(
        family.lines(
            (short, ["02/02/2024", "2", "3", "Kiel"]),
            (long, {"day": "03/02/2024", "n": 3, "price": None, "city": "007"}),
            (late, {**late["fields"], "day": "05/02/2024"}),
        )
    )
    assert [(row["__time"], row["n"], row["price"], row["city"]) for row in outcome.rows] == [
        (1706832000000, 2, 3.0, "Kiel"),
        (1706918400000, 3, None, "007"),
        (1707091200000, 5, 1.0, "Bonn"),
    ]
    assert outcome.accepted.corrected_records == "2-3,5"
    assert [column.type for column in outcome.accepted.columns] == ["long", "double", "string"]
    assert outcome.accepted.time_column.format == "dd/MM/yyyy"


def test_one_corrected_row_is_enough_to_know_the_types(family: Family) -> None:
    """Alone, the row would have a text, a long and an ambiguous day."""
    outcome = family.corrected(family.lines((family.rejects[0], ["01/02/2024", "NA", "3", "7"])))
    assert [(row["n"], row["price"], row["city"]) for row in outcome.rows] == [(None, 3.0, "7")]
    assert outcome.accepted.time_min_ms == 1706745600000


def test_a_value_of_another_type_is_a_bad_row_again(family: Family) -> None:
    short, long, late = family.rejects
    outcome = family.corrected(
        family.lines(
            (short, ["02/02/2024", "two", "3", "Kiel"]),
            (long, ["03/02/2024", " 3 ", "3", "Kiel"]),
            (late, ["05/02/2024", "5", "3", "Kiel"]),
        )
    )
    assert outcome.accepted.rows_accepted == 1
    first, second = (reject["errors"][0] for reject in outcome.rejects)
    assert (first["code"], first["column"], first["value"], first["suggestion"]) == ("type-error", "n", "two", None)
    assert (second["value"], second["suggestion"]) == (" 3 ", "3")
    assert outcome.accepted.corrected_records == "5"


def test_what_is_still_bad_can_be_sent_again(family: Family) -> None:
    again = family.corrected(family.lines((family.rejects[0], ["soon", "2", "3", "Kiel"]), (family.rejects[1], [])))
    assert again.code == "no_valid_rows"
    assert [(reject["record"], reject["corrects"]) for reject in again.rejects] == [(1, 2), (2, 3)]
    fields = {**again.rejects[0]["fields"], "day": "02/02/2024"}
    assert family.corrected(family.lines((again.rejects[0], fields))).accepted.corrected_records == "2"


GOOD = ["02/02/2024", "2", "3", "Kiel"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"record": 1}, "record_not_rejected"),
        ({"record": 99}, "record_not_rejected"),
        ({"record": None}, "record_not_rejected"),
        ({"record": "two"}, "record_not_rejected"),
        ({"record": 5}, "record_settled"),
        ({"record": 3}, "record_settled"),
        ({"fields": GOOD[:3]}, "field_count"),
        ({"fields": {"day": "02/02/2024", "weekday": "Fri"}}, "column_unknown"),
        ({"fields": "02/02/2024,2"}, "not_an_object"),
        ({"fields": None}, "not_an_object"),
    ],
)
def test_a_row_that_stands_for_no_open_record_is_bad(family: Family, change: dict[str, Any], code: str) -> None:
    family.settled = "5"
    third = {**family.rejects[1], "fields": GOOD}
    content = json.dumps(third) + "\n" + json.dumps({**family.rejects[0], "fields": GOOD, **change}) + "\n"
    outcome = family.corrected(content)
    assert outcome.error_codes == [code]
    assert outcome.accepted.corrected_records == "3"


def test_a_line_that_is_no_json_is_one_bad_row(family: Family) -> None:
    outcome = family.corrected(family.lines((family.rejects[0], GOOD)) + "oops\n")
    assert outcome.error_codes == ["not_json"]


def test_a_correction_knows_no_reject_ratio(family: Family) -> None:
    rows = family.lines((family.rejects[0], GOOD)) + "oops\n" * 50
    assert family.corrected(rows, max_rejected_rows=0, max_rejected_ratio=0).accepted.rows_rejected == 50


CSV = "city,day,n,price\nKiel,02/02/2024,2,3\nBonn,03/02/2024,3,\n"


def test_csv_with_the_columns_in_any_order(family: Family) -> None:
    outcome = family.corrected(CSV, name="rows.csv")
    assert [(row["__time"], row["n"], row["price"], row["city"]) for row in outcome.rows] == [
        (1706832000000, 2, 3.0, "Kiel"),
        (1706918400000, 3, None, "Bonn"),
    ]
    assert outcome.accepted.corrected_records is None


def test_ndjson_of_plain_rows(family: Family) -> None:
    outcome = family.corrected('{"day": "02/02/2024", "n": 2, "price": 3, "city": "Kiel"}\n')
    assert [(row["n"], row["city"]) for row in outcome.rows] == [(2, "Kiel")]


def test_a_workbook(family: Family) -> None:
    book = xlsx([["day", "n", "price", "city"], ["02/02/2024", 2, 3, "Kiel"]])
    outcome = family.corrected(book, name="rows.xlsx")
    assert [(row["n"], row["price"], row["city"]) for row in outcome.rows] == [(2, 3.0, "Kiel")]


def test_dates_of_a_workbook_are_in_the_format_of_their_column(family: Family) -> None:
    day = datetime(2024, 2, 2)  # noqa: DTZ001 - a workbook knows no zone
    book = xlsx([["city", "day", "n", "price"], ["Kiel", day, 2, 3], ["Bonn", day.replace(hour=12), 3, 1]], B="d/m/yy")
    outcome = family.corrected(book, name="rows.xlsx")
    assert [(row["__time"], row["city"]) for row in outcome.rows] == [(1706832000000, "Kiel"), (1706875200000, "Bonn")]


@pytest.mark.parametrize("time_format", ["%d.%m.%Y", "dd/MM/yyyy", "MMM dd, yyyy", "yyyyMMdd"])
def test_dates_of_a_workbook_are_in_the_format_that_a_contract_states(judge: Judge, time_format: str) -> None:
    day = datetime(2024, 2, 3)  # noqa: DTZ001 - a workbook knows no zone
    stated = read_contract(
        "format_version: 1\ndatasource: d\ncolumns:\n  - {name: at, type: timestamp, role: time}\n"
        f"  - {{name: due, type: date, format: '{time_format}'}}\nlimits: {{max_rejected_ratio: null}}\n"
    )
    book = xlsx([["at", "due"], [day, day], [day, day.replace(hour=1)], [day, "soon"]])
    parent = judge(book, contract=stated)
    assert [row["due"] for row in parent.rows] == ["2024-02-03"]
    assert [row["record"] for row in parent.rejects] == [2, 3]
    family = Family(judge, parent, gap=2)
    fixed = family.corrected(xlsx([["at", "due"], [day, day], [day, day.replace(hour=1)]]), name="rows.xlsx")
    assert [row["due"] for row in fixed.rows] == ["2024-02-03"]
    (error,) = fixed.rejects[0]["errors"]
    assert error["code"] == "type-error"
    assert f"is no date, which this column holds as {time_format}" in error["message"]


@pytest.mark.parametrize(
    ("header", "missing", "unknown"),
    [
        ("city,day,n", ["price"], []),
        ("city,day,n,price,x", [], ["x"]),
        ("city,day,n,cost", ["price"], ["cost"]),
        ("city,day,n,price,price", [], []),
    ],
)
def test_other_columns_are_no_correction(family: Family, header: str, missing: list[str], unknown: list[str]) -> None:
    outcome = family.corrected(f"{header}\n{','.join('1' for _ in header.split(','))}\n", name="rows.csv")
    assert outcome.code == "columns_differ"
    assert (outcome.detail["missing"], outcome.detail["unknown"]) == (missing, unknown)


def test_more_good_rows_than_the_gap_are_refused(family: Family) -> None:
    family.gap = 1
    outcome = family.corrected(CSV, name="rows.csv")
    assert outcome.code == "more_than_the_gap"
    assert outcome.detail == {"rows_accepted": 2, "gap": 1}
    assert [path.name for path in outcome.folder.iterdir() if path.name.startswith("part")] == []


def test_columns_with_changed_names_come_back_under_the_old_or_the_new_ones(judge: Judge) -> None:
    parent = judge("__time,a,a\n2024-01-31,1,2\n2024-01-01,1\n")
    family = Family(judge, parent, gap=1)
    reading = parent.accepted.reading
    assert [one.name for one in reading] == ["__time_2", "a", "a_2"]
    by_list = family.corrected(family.lines((family.rejects[0], ["2024-01-01", "5", "6"])))
    by_name = family.corrected(family.lines((family.rejects[0], {"__time": "2024-01-01", "a": 5, "a_2": 6})))
    by_csv = family.corrected("__time,a,a\n2024-01-01,5,6\n", name="rows.csv")
    assert by_list.rows == by_name.rows == by_csv.rows
    assert (by_list.rows[0]["a"], by_list.rows[0]["a_2"]) == (5, 6)


def test_a_row_that_came_from_json_comes_back(judge: Judge) -> None:
    parent = judge('{"ts": "2024-01-31", "a": {"b": 1}}\n' * 9 + '{"ts": "soon", "a": {"b": [2, 1.10]}}\n')
    family = Family(judge, parent, gap=1)
    fields = {**family.rejects[0]["fields"], "ts": "2024-02-01"}
    assert [row["a"] for row in family.corrected(family.lines((family.rejects[0], fields))).rows] == ['{"b":[2,1.10]}']
    nested = '{"record": 10, "fields": {"ts": "2024-02-01", "a": {"b": [2, 1.10]}}}\n'
    assert [row["a"] for row in family.corrected(nested).rows] == ['{"b":[2,1.10]}']


def test_two_readers_count_the_rows_of_a_correction_too(family: Family) -> None:
    verdict = family.corrected(family.lines((family.rejects[0], GOOD)) + "\n\n").verdict
    assert isinstance(verdict, Accepted)
    assert (verdict.rows_read, verdict.second_count) == (1, 1)


def test_a_parent_with_scattered_rejects_does_not_name_them(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.record_set.MAX_TEXT_BYTES", 4)
    assert judge(PARENT).accepted.rejected_records is None


def test_columns_are_text_to_polars_whatever_they_hold() -> None:
    from services.validator.engine.expected import ExpectedTypes  # noqa: PLC0415  # it loads Polars
    from services.validator.engine.verdict import ExpectedColumn  # noqa: PLC0415

    columns = [ExpectedColumn(name=kind, source_name=kind, type=kind) for kind in ("long", "double", "text", "time")]
    frame = pl.DataFrame({f"c{index}": ["1", "NA", "x", "-", "9" * 20] for index in range(4)})
    judged = ExpectedTypes(dict(enumerate(columns)), ["l", "d", "s", "t"])
    read = judged.read(frame)
    assert read.ok.to_list() == [True, True, False, True, False]
    errors = judged.errors(frame, read)
    both = {2: ["l", "d"], 4: ["l", "d"]}
    assert {row: [error.column for _, error in found] for row, found in errors.items()} == both


TYPED = (
    """\
at,flag,amount,day,seen
2024-06-01 10:00:00,true,1.12345678901234567890,31.12.2023,2024-01-02 03:04
2024-06-02 10:00:00,false,2.0,01.02.2024,2024-01-02 03:05
"""
    + "2024-06-02 10:00:00,false,2.0,02.02.2024,2024-01-02 03:05\n" * 8
    + "bad\n"
)


def test_every_type_the_format_of_each_and_the_zone_are_those_of_the_parent(judge: Judge) -> None:
    family = Family(judge, judge(TYPED, timestamp_column="at", time_zone="Europe/Berlin"), gap=1)
    assert [one.type for one in family.parent.accepted.reading] == ["time", "boolean", "decimal", "date", "timestamp"]
    fields = ["2024-06-03 10:00:00", "TRUE", "9.5", "03.02.2024", "2024-01-02 03:06"]
    outcome = family.corrected(family.lines((family.rejects[0], fields)))
    (row,) = outcome.rows
    assert (row["flag"], row["amount"], row["day"]) == ("true", "9.5", "2024-02-03")
    assert row["seen"] == "2024-01-02T03:06:00"
    assert row["__time"] == 1717401600000  # 08:00 in UTC


@pytest.mark.parametrize(
    ("position", "value"),
    [(1, "yes"), (2, "1,5"), (3, "2024-02-03"), (3, "31.02.2024"), (3, "01.02.2024 10:00"), (4, "soon")],
)
def test_a_value_of_another_type_or_format_is_told(judge: Judge, position: int, value: str) -> None:
    family = Family(judge, judge(TYPED, timestamp_column="at"), gap=1)
    fields = ["2024-06-03 10:00:00", "true", "9.5", "03.02.2024", "2024-01-02 03:06"]
    fields[position] = value
    outcome = family.corrected(family.lines((family.rejects[0], fields)))
    assert outcome.error_codes == ["type-error"]
    assert outcome.rejects[0]["errors"][0]["value"] == value


IGNORING = """\
format_version: 1
datasource: d
columns:
  - {name: at, type: timestamp, role: time}
  - {name: n, type: long}
drift: {new_column: ignore}
"""


def test_what_was_not_loaded_does_not_stand_in_the_way(judge: Judge) -> None:
    content = "extra,at,n\n" + "x,2024-01-01,1\n" * 20 + "x,2024-01-02,two\nx,2024-01-03,\n"
    request = judge.request(content).model_copy(update={"contract": read_contract(IGNORING)})
    family = Family(judge, judge.outcome(request), gap=1)
    assert [one.name for one in family.parent.accepted.reading] == ["at", "n"]
    (reject,) = family.rejects
    assert reject["fields"] == {"at": "2024-01-02", "n": "two"}
    outcome = family.corrected(family.lines((reject, {**reject["fields"], "n": "2"})))
    assert [(row["__time"], row["n"]) for row in outcome.rows] == [(1704153600000, 2)]


def test_a_column_behind_trailing_delimiters_does_not_either(judge: Judge) -> None:
    content = "at,n,\n" + "2024-01-01,1,\n" * 20 + "soon,2,\n"
    family = Family(judge, judge(content), gap=1)
    (reject,) = family.rejects
    assert reject["fields"] == {"at": "soon", "n": "2"}
    outcome = family.corrected(family.lines((reject, {**reject["fields"], "at": "2024-01-02"})))
    assert [(row["__time"], row["n"]) for row in outcome.rows] == [(1704153600000, 2)]


TABLE = 'ingest_record,day,n,price,city,ingest_errors\n2,02/02/2024,2,3,"Kiel, Ost",\n5,05/02/2024,5,1,Bonn,was soon\n'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_says_which_records_it_corrects(family: Family, delimiter: str, mark: str) -> None:
    content = mark + TABLE.replace(", Ost", "").replace(",", delimiter)
    outcome = family.corrected(content, name="rows.csv", delimiter="|", skip_rows=3, header=False, quote="'")
    assert [(row["__time"], row["n"]) for row in outcome.rows] == [(1706832000000, 2), (1707091200000, 5)]
    assert outcome.accepted.corrected_records == "2,5"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", None])
def test_a_table_is_read_in_its_own_encoding(family: Family, encoding: str | None) -> None:
    outcome = family.corrected(TABLE.replace("Kiel, Ost", "Köln"), name="rows.csv", encoding=encoding)
    assert [row["city"] for row in outcome.rows] == ["Köln", "Bonn"]


def test_a_table_may_be_a_workbook_whatever_sheet_its_contract_names(family: Family) -> None:
    rows: list[list[Any]] = [["ingest_record", "day", "n", "price", "city"], [2, "02/02/2024", 2, 3, "Kiel"]]
    outcome = family.corrected(xlsx(rows, sheets=("ingest_rejects",)), name="rows.xlsx", sheet="Data")
    assert (outcome.accepted.corrected_records, outcome.rows[0]["city"]) == ("2", "Kiel")


@pytest.mark.parametrize(
    ("row", "code", "corrects"),
    [
        ("1,02/02/2024,2,3,Kiel,", "record_not_rejected", None),
        (",02/02/2024,2,3,Kiel,", "record_not_rejected", None),
        ("3,02/02/2024,2,3,Kiel,", "record_settled", 3),
        ("5,02/02/2024,2,3,Kiel,", "record_settled", 5),
        ('2,02/02/2024,2,3,Kiel,"! field_count: expected 4 fields, got 1"', "field_count", 2),
        ("2,02/02/2024,2", "field_count", 2),
        ("2,soon,2,3,Kiel,", "timestamp_invalid", 2),
    ],
)
def test_a_row_of_a_table_that_is_not_corrected_is_bad(family: Family, row: str, code: str, corrects: int) -> None:
    family.settled = "5"
    content = f"ingest_record,day,n,price,city,ingest_errors\n3,03/02/2024,3,3,Bonn,\n{row}\n"
    outcome = family.corrected(content, name="rows.csv")
    assert outcome.error_codes == [code]
    assert outcome.rejects[0].get("corrects") == corrects
    assert "ingest_errors" not in str(outcome.rejects[0]["fields"])
    assert outcome.accepted.corrected_records == "3"


def test_a_column_of_the_file_that_is_called_so_is_its_own(judge: Judge) -> None:
    parent = judge("at,ingest_record\n" + "2024-01-31,1\n" * 20 + "soon,1\n")
    family = Family(judge, parent, gap=1)
    outcome = family.corrected("at,ingest_record\n2024-02-01,7\n", name="rows.csv")
    assert [row["ingest_record"] for row in outcome.rows] == [7]
