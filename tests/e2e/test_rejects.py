"""A file with bad rows until none of them is open, by the commands that the commands name."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e

GOOD = "".join(f"{day:02d}/01/2024;Rome;{day}\n" for day in range(1, 31))
FILE = "day;city;n\n" + GOOD + '31/02/2024;Köln;31\nsoon;"Bonn; Ost";32\n16/02/2024;Kiel\n'


def put(installation: Installation, datasource: str) -> str:
    query = {"datasource_name": datasource, "filename": "tage.csv"}
    answer = installation.http.put("/api/ingest/upload", params=query, content=FILE.encode())
    assert answer.status_code == 202, answer.text
    task = installation.end(answer.json()["task_id"])
    assert (task["status"], task["ledger"]["status"], task["ledger"]["rows_counted"]) == ("COMPLETED", "RECONCILED", 30)
    assert task["corrections"]["gap"] == 3
    found: str = task["task_id"]
    return found


def fix(cells: dict[str, str]) -> None:
    meant = {"31/02/2024": "29/02/2024", "soon": "15/02/2024"}
    cells["day"] = meant.get(cells["day"], cells["day"])
    if cells["ingest_errors"].startswith("!"):
        cells.update(n="33", ingest_errors="")


def fix_csv(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        fix(row)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def fix_xlsx(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    header, *rows = book.active.iter_rows()
    for row in rows:
        cells = {str(name.value): str(cell.value or "") for name, cell in zip(header, row, strict=True)}
        fix(cells)
        for name, cell in list(zip(header, row, strict=True))[1:]:
            cell.value = cells[name.value] or None
    book.save(path)


@pytest.mark.parametrize(("form", "edit"), [("csv", fix_csv), ("xlsx", fix_xlsx)])
def test_bad_rows_are_seen_put_right_and_loaded(
    installation: Installation, tmp_path: Path, form: str, edit: object
) -> None:
    datasource = installation.datasource()
    task_id = put(installation, datasource)
    shown = installation.command("problems", task_id, "-o", "json")
    assert [(one["record"], one["rule"]) for one in json.loads(shown.stdout)] == [
        (31, "timestamp_invalid"),
        (32, "timestamp_invalid"),
        (33, "field_count"),
    ]
    assert "'soon'" in installation.command("problems", task_id, "--column", "day").stdout
    path = tmp_path / f"rows.{form}"
    told = installation.command("rejects", task_id, "--fix", "--format", form, "-O", str(path))
    assert told.stdout == f"{path}\n"
    command = told.stderr.splitlines()[-1].removeprefix("ingest: then: ingest ")
    assert callable(edit)
    edit(path)
    installation.command(*command.split())
    installation.gap_becomes(task_id, 0)
    task = installation.task(task_id)
    assert task is not None
    child = installation.end(task["corrections"]["children"][0]["task_id"])
    assert (child["ledger"]["status"], child["ledger"]["rows_rejected"], child["ledger"]["rows_counted"]) == (
        "RECONCILED",
        0,
        3,
    )
    rows = installation.sql(f'SELECT "city", "n" FROM "{datasource}" WHERE "n" > 30 ORDER BY __time')  # noqa: S608
    assert rows == [{"city": "Bonn; Ost", "n": 32}, {"city": "Kiel", "n": 33}, {"city": "Köln", "n": 31}]
    refused = installation.http.get(f"/api/ingest/tasks/{child['task_id']}/rejects")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ingest:problem:no-rejects")


def test_rows_as_they_stood_and_the_file_as_it_was_sent(installation: Installation) -> None:
    task_id = put(installation, installation.datasource())
    shown = installation.command("rejects", task_id, "--format", "original").stdout
    assert shown == FILE.replace(GOOD, "")
    answer = installation.http.get(f"/api/ingest/tasks/{task_id}/content", follow_redirects=True)
    assert answer.content == FILE.encode()
    kept = installation.http.get(f"/api/ingest/tasks/{task_id}/report").json()
    assert (kept["rows"]["rejected"], kept["dialect"]["header_text"]) == (3, "day;city;n")
    rows = csv.reader(io.StringIO(installation.command("rejects", task_id, "--format", "csv").stdout))
    assert [row[0] for row in rows][1:] == ["31", "32", "33"]


def test_standard_input_is_a_file(installation: Installation) -> None:
    shown = installation.command("put", "-", "-d", installation.datasource(), "--wait", "-o", "json", given=FILE)
    task = json.loads(shown.stdout)
    assert (task["status"], task["ledger"]["rows_counted"], task["original_filename"]) == ("COMPLETED", 30, None)
