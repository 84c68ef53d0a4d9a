"""What the validator made of a file over HTTP: from the object store, or the answer says why there is none."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openpyxl
import pytest

from shared import ids
from shared.events import TaskStatus
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.families_of import PARENT, task
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form

BASE = f"/api/ingest/tasks/{PARENT}"
REPORT, REJECTS = f"reports/{PARENT}/r/report.json", f"rejected/{PARENT}/r/rejects.ndjson.gz"


def error(code: str, column: str | None = None, **more: Any) -> dict[str, Any]:
    return {"code": code, "column": column, "value": "soon", "message": f"about {code}", "suggestion": None, **more}


def row(record: int, fields: Any, *errors: dict[str, Any], **more: Any) -> dict[str, Any]:
    raw = ",".join(fields if isinstance(fields, list) else fields.values())
    said = {"record": record, "line": record + 1, "byte_offset": 9, "raw": raw, "fields": fields}
    return {**said, "errors": list(errors), **more}


ROWS = [
    row(2, ["2/2", "Kiel", "x"], error("field_count")),
    row(3, {"day": "soon", "city": 'Köln, "Ost"'}, error("timestamp_invalid", "day"), error("type-error", "city")),
    row(9, {"day": "", "city": "=1+1"}, error("timestamp_missing", "day", suggestion="today")),
]
DIALECT: dict[str, Any] = {"delimiter": ",", "quote": '"', "header": True, "header_text": "city,day"}
REPORTED: dict[str, Any] = {
    "format": "delimited",
    "dialect": DIALECT,
    "columns": [{"name": "city", "source_name": "city", "renamed": None}],
    "timestamp": {"column": "day"},
}


class Gateway:
    """The application, and what it looks at."""

    def __init__(self) -> None:
        self.store = InMemoryObjectStore()
        self.store.buckets["ingest"] = {}
        self.tasks = InMemoryTaskRows()
        self.client = httpx.AsyncClient()
        self.keep(ROWS)

    def shows(self, status: str = "COMPLETED", **changes: Any) -> None:
        keys = {"report_key": REPORT, "rejects_key": REJECTS, "original_filename": "sales märz.csv.gz"}
        self.tasks.rows[PARENT] = task(status=status, **{**keys, **changes})

    def keep(self, rows: list[dict[str, Any]], **reported: Any) -> None:
        lines = "".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) + "\n" for one in rows)
        self.objects[REJECTS] = gzip.compress(lines.encode())
        self.objects[REPORT] = json.dumps(REPORTED | reported).encode()

    @property
    def objects(self) -> dict[str, bytes]:
        return self.store.buckets["ingest"]

    async def get(self, page: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"{BASE}/{page}", params=query)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    made.shows()
    await made.client.aclose()
    async with served(store=made.store, upload_rows=InMemoryUploadRows(), task_rows=made.tasks) as client:
        made.client = client
        yield made


async def test_the_report_is_answered_byte_for_byte(gateway: Gateway) -> None:
    answer = await gateway.get("report")
    assert (answer.status_code, answer.content) == (200, gateway.objects[REPORT])
    assert answer.headers["content-type"] == "application/json"


async def test_the_status_links_to_what_there_is(gateway: Gateway) -> None:
    links = (await gateway.client.get(f"/api/ingest/status/{PARENT}")).json()["links"]
    assert {name: links[name] for name in ("report", "problems", "rejects")} == {
        name: f"{BASE}/{name}" for name in ("report", "problems", "rejects")
    }
    gateway.shows(rejects_key=None)
    links = (await gateway.client.get(f"/api/ingest/status/{PARENT}")).json()["links"]
    assert set(links) == {"status", "events", "report"}


async def test_problems_come_one_by_one_in_the_order_of_the_file(gateway: Gateway) -> None:
    body = (await gateway.get("problems")).json()
    assert (body["task_id"], body["rows_rejected"], body["next_cursor"]) == (PARENT, 3, None)
    assert [(one["record"], one["rule"], one["column"]) for one in body["problems"]] == [
        (2, "field_count", None),
        (3, "timestamp_invalid", "day"),
        (3, "type-error", "city"),
        (9, "timestamp_missing", "day"),
    ]
    first = {"record": 2, "line": 3, "column": None, "rule": "field_count", "value": "soon", "suggestion": None}
    assert body["problems"][0] == {**first, "message": "about field_count"}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_pages_have_every_problem_once(gateway: Gateway, limit: int) -> None:
    whole = (await gateway.get("problems")).json()["problems"]
    found, where, pages = [], f"{BASE}/problems?limit={limit}", 0
    while where:
        answer = await gateway.client.get(where)
        body = answer.json()
        assert len(body["problems"]) <= limit
        found += body["problems"]
        where = answer.links.get("next", {}).get("url", "")
        assert bool(where) == (body["next_cursor"] is not None)
        pages += 1
    assert (found, pages) == (whole, -(-len(whole) // limit))


@pytest.mark.parametrize(
    ("query", "records"),
    [
        ({"rule": "field_count"}, [2]),
        ({"column": "day"}, [3, 9]),
        ({"column": "day", "rule": "timestamp_missing"}, [9]),
        ({"rule": "no-such"}, []),
    ],
)
async def test_problems_of_a_rule_or_a_column(gateway: Gateway, query: dict[str, str], records: list[int]) -> None:
    answer = await gateway.get("problems", **query)
    assert [one["record"] for one in answer.json()["problems"]] == records
    paged = await gateway.get("problems", **query, limit=1)
    assert (paged.json()["next_cursor"] is not None) == (len(records) > 1)


async def test_a_page_whose_rule_is_rare_ends_and_says_where_to_go_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.problem_pages.SCANNED_ROWS", 2)
    first = await gateway.get("problems", rule="timestamp_missing")
    assert first.json()["problems"] == []
    second = (await gateway.client.get(first.links["next"]["url"])).json()
    assert ([one["record"] for one in second["problems"]], second["next_cursor"]) == ([9], None)


@pytest.mark.parametrize(
    ("query", "slug", "field"),
    [
        ({"limit": "0"}, "invalid-parameter", "limit"),
        ({"limit": "1001"}, "invalid-parameter", "limit"),
        ({"limit": "ten"}, "invalid-parameter", "limit"),
        ({"cursor": "nonsense"}, "invalid-parameter", "cursor"),
        ({"cursor": "é"}, "invalid-parameter", "cursor"),
        ({"rules": "x"}, "unknown-parameter", "rules"),
        ({"rule": ["a", "b"]}, "invalid-parameter", "rule"),
    ],
)
async def test_a_query_that_cannot_be_used_is_told(gateway: Gateway, query: Any, slug: str, field: str) -> None:
    assert problem(await gateway.get("problems", **query), 422, slug)["field"] == field


async def test_a_cursor_ends_with_the_rejects_that_it_is_of(gateway: Gateway) -> None:
    cursor = (await gateway.get("problems", limit=1)).json()["next_cursor"]
    other = REJECTS.replace("/r/", "/s/")
    gateway.objects[other] = gateway.objects[REJECTS]
    gateway.shows(attempt=2, rejects_key=other)
    problem(await gateway.get("problems", cursor=cursor), 422, "invalid-parameter")


async def test_rejects_come_as_they_are_kept(gateway: Gateway) -> None:
    answer = await gateway.get("rejects")
    assert answer.content == gzip.decompress(gateway.objects[REJECTS])
    assert answer.headers["content-type"] == "application/x-ndjson"
    said = answer.headers["content-disposition"]
    assert (
        said == "attachment; filename=\"sales m_rz.rejects.ndjson\"; filename*=UTF-8''sales%20m%C3%A4rz.rejects.ndjson"
    )


def table(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


HEADER = ["ingest_record", "day", "city", "ingest_errors"]
TABLE = [
    ["2", "2/2", "Kiel", "! field_count: about field_count; the row was: 2/2,Kiel,x"],
    [
        "3",
        "soon",
        'Köln, "Ost"',
        "timestamp_invalid in day: about timestamp_invalid; type-error in city: about type-error",
    ],
    ["9", "", "=1+1", "timestamp_missing in day: about timestamp_missing (meant: today)"],
]


async def test_rejects_as_csv(gateway: Gateway) -> None:
    answer = await gateway.get("rejects", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert table(answer) == [HEADER, *TABLE]


async def test_rejects_as_a_workbook(gateway: Gateway) -> None:
    answer = await gateway.get("rejects", format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["ingest_rejects"]
    rows = [["" if cell is None else cell for cell in one] for one in book.active.values]
    assert rows == [HEADER, *([int(one[0]), *one[1:]] for one in TABLE)]
    assert {cell.number_format for cell in book.active[3]} == {"@", "General"}
    assert book.active["C4"].data_type != "f"


@pytest.mark.parametrize("text", ["x" * 40_000, "a\x01b"])
async def test_what_no_cell_of_a_workbook_holds_is_left_open(gateway: Gateway, text: str) -> None:
    gateway.keep([row(2, {"day": "soon", "city": text}, error("timestamp_invalid", "day"))])
    answer = await gateway.get("rejects", format="xlsx")
    shown = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)[1]
    assert shown[3].startswith("! a value has ")
    assert len(shown[2]) <= 32_767
    assert table(await gateway.get("rejects", format="csv"))[1][2] == text


@pytest.mark.parametrize(
    ("header_text", "time", "columns"),
    [
        ("city,day", "day", ["city", "day"]),
        ("left out,day,city", "day", ["day", "city"]),
        ("left out,city,more,day", "day", ["city", "day"]),
        ('"city","the day"', "the day", ["city", "the day"]),
        (None, "day", ["day", "city"]),
    ],
)
async def test_columns_of_rows_that_have_none_are_those_of_the_report(
    gateway: Gateway, header_text: str | None, time: str, columns: list[str]
) -> None:
    gateway.keep(ROWS[:1], dialect=DIALECT | {"header_text": header_text}, timestamp={"column": time})
    assert table(await gateway.get("rejects", format="csv"))[0][1:-1] == columns


async def test_rows_of_a_correction_stand_for_the_records_that_it_corrects(gateway: Gateway) -> None:
    gateway.keep([row(1, {"day": "soon", "city": "Bonn"}, error("timestamp_invalid", "day"), corrects=77)])
    assert table(await gateway.get("rejects", format="csv"))[1][0] == "77"
    assert (await gateway.get("problems")).json()["problems"][0]["corrects"] == 77


@pytest.mark.parametrize(
    ("reported", "text"),
    [
        ({}, 'city,day\n2/2,Kiel,x\nsoon,Köln, "Ost"\n,=1+1\n'),
        ({"dialect": {**DIALECT, "header": False, "header_text": None}}, '2/2,Kiel,x\nsoon,Köln, "Ost"\n,=1+1\n'),
        ({"format": "ndjson"}, '2/2,Kiel,x\nsoon,Köln, "Ost"\n,=1+1\n'),
        ({"format": "json"}, '[\n2/2,Kiel,x,\nsoon,Köln, "Ost",\n,=1+1\n]\n'),
    ],
)
async def test_rejects_as_they_stood_in_their_file(gateway: Gateway, reported: dict[str, Any], text: str) -> None:
    gateway.keep(ROWS, **reported)
    assert (await gateway.get("rejects", format="original")).text == text


@pytest.mark.parametrize(
    ("wanted", "reported", "more", "why"),
    [
        ("original", {"format": "parquet"}, {}, "a file in parquet has no text"),
        ("original", {"dialect": {**DIALECT, "header_text": None}}, {}, "header was not kept"),
        ("xlsx", {}, {"rows_rejected": 1_048_576}, "1,048,576 rejected rows"),
    ],
)
async def test_a_form_that_there_cannot_be_is_told(
    gateway: Gateway, wanted: str, reported: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    gateway.keep(ROWS, **reported)
    gateway.shows(**more)
    assert why in problem(await gateway.get("rejects", format=wanted), 406, "form-not-available")["detail"]


async def test_a_column_that_is_called_as_ours_stands_in_the_way(gateway: Gateway) -> None:
    gateway.keep([row(3, {"day": "soon", "ingest_errors": "x"}, error("timestamp_invalid", "day"))])
    refused = problem(await gateway.get("rejects", format="csv"), 406, "form-not-available")
    assert "'ingest_errors'" in refused["detail"] or "ingest_errors" in refused["detail"]
    assert (await gateway.get("rejects", format="ndjson")).status_code == 200


async def test_a_format_that_there_is_not_is_told(gateway: Gateway) -> None:
    refused = problem(await gateway.get("rejects", format="pdf"), 422, "invalid-parameter")
    assert (refused["field"], "ndjson, original, csv, xlsx" in refused["detail"]) == ("format", True)


@pytest.mark.parametrize(
    ("page", "slug"), [("report", "no-report"), ("problems", "no-rejects"), ("rejects", "no-rejects")]
)
@pytest.mark.parametrize("status", list(TaskStatus))
async def test_a_task_that_has_none_says_why(gateway: Gateway, status: TaskStatus, page: str, slug: str) -> None:
    gateway.shows(status, report_key=None, rejects_key=None)
    detail = problem(await gateway.get(page), 409, slug)["detail"]
    assert (PARENT in detail, status in detail, "Ask again" in detail) == (True, True, not status.is_end)


@pytest.mark.parametrize(("status", "why"), [("COMPLETED", "every row"), ("REJECTED", "as a whole")])
async def test_a_file_without_rejected_rows_says_so(gateway: Gateway, status: str, why: str) -> None:
    gateway.shows(status, rejects_key=None)
    for page in ("problems", "rejects"):
        assert why in problem(await gateway.get(page), 409, "no-rejects")["detail"]


async def test_an_undo_has_none(gateway: Gateway) -> None:
    gateway.shows(undoes="another", report_key=None, rejects_key=None)
    for page, slug in (("report", "no-report"), ("rejects", "no-rejects"), ("content", "no-file")):
        assert "load of task another back" in problem(await gateway.get(page), 409, slug)["detail"]


@pytest.mark.parametrize("page", ["report", "problems", "rejects"])
async def test_one_that_was_removed_is_told(gateway: Gateway, page: str) -> None:
    gateway.objects.clear()
    assert PARENT in problem(await gateway.get(page), 410, "expired")["detail"]


@pytest.mark.parametrize("page", ["report", "problems", "rejects", "content"])
async def test_a_task_that_is_not_there_for_the_caller_is_unknown(gateway: Gateway, page: str) -> None:
    unknown = ids.fresh_task_id()
    expected = problem(await gateway.client.get(f"/api/ingest/tasks/{unknown}/{page}"), 404, "unknown-task")
    gateway.shows(tenant="others")
    found = problem(await gateway.get(page), 404, "unknown-task")
    assert str(found).replace(PARENT, unknown) == str(expected)
    problem(await gateway.client.get(f"/api/ingest/tasks/nonsense/{page}"), 404, "unknown-task")


async def test_a_store_that_is_away_is_told(gateway: Gateway) -> None:
    gateway.store.away = True
    for page in ("report", "problems", "rejects"):
        problem(await gateway.get(page), 503, "storage-away")


async def test_rows_are_sent_before_the_object_is_read_to_its_end(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps memory flat: of an object that would take gigabytes, a piece is read when the last one is sent."""
    from services.gateway.callers import ANYBODY  # noqa: PLC0415  # of this test alone
    from services.gateway.reject_forms import RejectsFormat  # noqa: PLC0415
    from services.gateway.results import Results  # noqa: PLC0415

    line = json.dumps(row(3, {"day": "soon", "city": "x" * 1000}, error("timestamp_invalid", "day"))) + "\n"
    gateway.objects[REJECTS] = gzip.compress(line.encode() * 4_000, compresslevel=0)
    monkeypatch.setattr("shared.storage.memory.PIECE_BYTES", 100_000)
    read = 0
    whole = gateway.store.read

    async def counted(key: str, **more: Any) -> AsyncIterator[bytes]:
        nonlocal read
        async for piece in whole(key, **more):
            read += len(piece)
            yield piece

    monkeypatch.setattr(gateway.store, "read", counted)
    results = Results(gateway.tasks, InMemoryUploadRows(), gateway.store)
    for wanted in RejectsFormat:
        download = await results.rejects(PARENT, ANYBODY, wanted)
        read, sent = 0, 0
        async for piece in download.body:
            sent += len(piece)
            assert len(piece) < 1_000_000
            if wanted is RejectsFormat.NDJSON:
                assert read - sent < 600_000, "the object is read ahead of what is sent"
        assert read == len(gateway.objects[REJECTS])


async def test_the_file_is_had_from_the_store(gateway: Gateway) -> None:
    body = upload_form(b"day\n2026-01-01\n", filename="märz.csv")
    accepted = await gateway.client.post("/api/ingest/upload", content=body, headers={"content-type": CONTENT_TYPE})
    where = f"/api/ingest/tasks/{accepted.json()['task_id']}/content"
    answer = await gateway.client.get(where)
    assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
    address = httpx.URL(answer.headers["location"])
    assert address.path == f"/ingest/uploads/{accepted.json()['task_id']}.csv"
    assert address.params["signed-for"] == "300"
    assert address.params["disposition"] == "attachment; filename=\"m_rz.csv\"; filename*=UTF-8''m%C3%A4rz.csv"
    gateway.objects.clear()
    problem(await gateway.client.get(where), 410, "expired")


async def test_an_announced_file_is_not_signed_away(gateway: Gateway) -> None:
    gateway.shows(file_uri="s3://secrets/payroll.csv")
    assert "announced" in problem(await gateway.get("content"), 409, "no-file")["detail"]
