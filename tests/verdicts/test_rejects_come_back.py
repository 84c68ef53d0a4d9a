"""Rejected rows as the gateway hands them out, put right where they stand, and read as a correction."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest

from services.gateway.reject_forms import AsKept, Form, RejectsFormat, original_form, table_form
from services.gateway.reject_table import columns_by, columns_in
from services.validator.engine.request import Correction
from shared.contract import Contract, read_contract
from tests.verdicts.judging import Judge, Outcome
from tests.verdicts.writing import xlsx

ROWS = (
    'day,n,"the ""city"""\n' + "15/01/2024,1,Rome\n" * 20 + '2/2\nsoon,5,"Köln, ""Ost""\n=1+1"\n31/02/2024,6,007\n,7,\n'
)
OWN_DIALECT = """\
format_version: 1
datasource: d
dialect: {delimiter: ";", quote: "'", skip_rows: 2, encoding: utf-16, sheet: Data}
columns:
  - {name: day, type: timestamp, role: time, format: dd/MM/yyyy}
  - {name: n, type: long}
  - {name: 'the "city"', type: text}
"""
Fix = Callable[[str, dict[str, str]], None]


def fix(record: str, cells: dict[str, str]) -> None:
    """What a person does in an editor: the cells are put right, and the errors of an open row are emptied."""
    if record == "21":
        cells.update({"day": "02/02/2024", "n": "2", 'the "city"': "Kiel", "ingest_errors": ""})
    meant = {"soon": "05/02/2024", "31/02/2024": "06/02/2024", "": "07/02/2024"}
    cells["day"] = meant.get(cells["day"], cells["day"])


def handed_out(parent: Outcome, wanted: RejectsFormat) -> bytes:
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in parent.rejects]
    columns = columns_in(lines)
    assert columns is not None
    form: Form = AsKept() if wanted is RejectsFormat.NDJSON else table_form(wanted, columns, len(lines))
    return form.begin() + form.rows(lines[:1]) + form.rows(lines[1:]) + form.end()


def edited_csv(content: bytes, edit: Fix) -> bytes:
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header)
    writer.writeheader()
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        edit(cells["ingest_record"], cells)
        writer.writerow(cells)
    return out.getvalue().encode()


def edited_xlsx(content: bytes, edit: Fix) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    header, *rows = book.active.iter_rows()
    for row in rows:
        cells = {str(name.value): str(cell.value or "") for name, cell in zip(header, row, strict=True)}
        edit(cells["ingest_record"], cells)
        for name, cell in list(zip(header, row, strict=True))[1:]:
            cell.value = cells[name.value] or None
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited_ndjson(content: bytes, edit: Fix) -> bytes:
    rows = [json.loads(line) for line in content.splitlines()]
    for row in rows:
        fields = row["fields"] if isinstance(row["fields"], dict) else dict.fromkeys(("day", "n"), "")
        edit(str(row["record"]), fields)
        fields.pop("ingest_errors", None)
        row["fields"] = fields
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


EDITED = {
    RejectsFormat.CSV: edited_csv,
    RejectsFormat.XLSX: edited_xlsx,
    RejectsFormat.NDJSON: edited_ndjson,
}


@dataclass
class Parent:
    """A file with rejected rows, and the contract that has judged it."""

    outcome: Outcome
    contract: Contract | None = None


@pytest.fixture(params=[None, OWN_DIALECT], ids=["found", "by a contract"])
def parent(judge: Judge, request: pytest.FixtureRequest) -> Parent:
    if request.param is None:
        return Parent(judge(ROWS, max_rejected_ratio=1))
    content = "a title\n\n" + ROWS.replace(",", ";").replace('"', "'").replace("''city''", '"city"')
    contract = read_contract(request.param)
    return Parent(judge(content.encode("utf-16"), contract=contract, max_rejected_ratio=1), contract)


def sent_back(judge: Judge, parent: Parent, content: bytes, wanted: RejectsFormat) -> Outcome:
    outcome = parent.outcome
    rejects = outcome.verdict.rejects
    assert rejects is not None
    correction = Correction(
        columns=outcome.accepted.reading, rows=rejects.rows, parent_rejects=outcome.folder / rejects.name
    )
    asked = judge.request(content, name=f"rejects.{wanted}", contract=parent.contract)
    return judge.outcome(asked.model_copy(update={"correction": correction}))


@pytest.mark.parametrize("wanted", EDITED)
def test_rows_that_were_put_right_are_accepted_as_what_they_correct(
    judge: Judge, parent: Parent, wanted: RejectsFormat
) -> None:
    assert [one["record"] for one in parent.outcome.rejects] == [21, 22, 23, 24]
    outcome = sent_back(judge, parent, EDITED[wanted](handed_out(parent.outcome, wanted), fix), wanted)
    assert outcome.accepted.rows_rejected == 0, outcome.rejects
    assert outcome.accepted.corrected_records == "21-24"
    assert [(row["n"], row['the "city"']) for row in outcome.rows] == [
        (2, "Kiel"),
        (5, parent.outcome.rejects[1]["fields"]['the "city"']),
        (6, "007"),
        (7, None),
    ]


@pytest.mark.parametrize("wanted", EDITED)
def test_rows_that_come_back_as_they_went_are_bad_again(judge: Judge, parent: Parent, wanted: RejectsFormat) -> None:
    """Above all the one with too few fields, which as a row of a table has all of them."""
    outcome = sent_back(judge, parent, handed_out(parent.outcome, wanted), wanted)
    assert outcome.code == "no_valid_rows"
    assert [one["corrects"] for one in outcome.rejects] == [21, 22, 23, 24]


@pytest.mark.parametrize("wanted", [RejectsFormat.CSV, RejectsFormat.XLSX])
def test_what_is_still_bad_can_be_handed_out_again(judge: Judge, parent: Parent, wanted: RejectsFormat) -> None:
    def half(record: str, cells: dict[str, str]) -> None:
        if record in {"21", "22"}:
            fix(record, cells)

    child = sent_back(judge, parent, EDITED[wanted](handed_out(parent.outcome, wanted), half), wanted)
    assert child.accepted.corrected_records == "21-22"
    again = sent_back(judge, parent, EDITED[wanted](handed_out(child, wanted), fix), wanted)
    assert again.accepted.corrected_records == "23-24"


def test_rows_of_another_shape_alone_have_the_columns_of_the_report(judge: Judge) -> None:
    parent = judge("n,day,city\n" + "1,02/01/2024,Rome\n" * 20 + "2/2\n")
    columns = columns_by(json.loads((parent.folder / "report.json").read_text()))
    assert columns == ["n", "day", "city"]


def test_rows_of_a_workbook_find_their_columns(judge: Judge) -> None:
    good: list[Any] = ["Rome", "2024-01-02"]
    parent = judge(xlsx([["city", "day"], *[good] * 20, ["Kiel", "2024-01-03", "one too many"]]), name="rows.xlsx")
    (kept,) = parent.rejects
    line = json.dumps(kept).encode()
    row = table_form(RejectsFormat.CSV, ["day", "city"], 1).rows([line]).decode()
    assert row.startswith('21,2024-01-03,Kiel,"! field_count: ')


def test_rows_as_they_stood_are_a_file_like_theirs(judge: Judge) -> None:
    parent = judge(ROWS, max_rejected_ratio=1)
    lines = [json.dumps(one).encode() for one in parent.rejects]
    form = original_form(json.loads((parent.folder / "report.json").read_text()))
    text = (form.begin() + form.rows(lines) + form.end()).decode()
    assert text == ROWS.replace("15/01/2024,1,Rome\n", "")
