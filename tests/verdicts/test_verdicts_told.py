"""What the judge keeps and tells of a file: always one record that Kafka takes, and one end."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from services.validator.contract_rows import ContractRows
from services.validator.engine import ChildLimits, ParseLimits
from services.validator.judge import Judge, Rules
from services.validator.lanes import LARGE, SMALL, Lanes
from services.validator.pinning import Pinning
from services.validator.readings import Reading, Readings
from services.validator.workplace import LOCK_NAME, Workplace
from shared import ids
from shared.events import Correction, FileUploaded, FileValidated, TaskEvent, TaskStatus, TaskUpdated
from shared.inbox import Inbox, Job
from shared.kafka.envelope import encode, record_bytes
from shared.kafka.producer import EventProducer
from shared.loading import Loading, Metric
from shared.storage.memory import InMemoryObjectStore
from shared.worker import Done, Wait

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT_BYTES = 8_192
PATIENCE = timedelta(minutes=10)
SEMICOLONS = """
format_version: 1
datasource: wide
dialect: {delimiter: ";"}
columns: [{name: ts, type: timestamp, role: time}, {name: "a,b", type: text}]
"""
SMALL_FILE_BYTES = 100_000


class Notebook:
    """An inbox and a producer that write down what they are told; the contracts are version 1 of their datasources."""

    def __init__(self, **contracts: str) -> None:
        self.contracts = contracts
        self.kept: dict[str, Any] = {}
        self.emitted: list[TaskEvent] = []

    async def update(self, _: Job, **columns: Any) -> None:
        self.kept.update(columns)

    async def latest(self, _: str, datasource_name: str) -> int:
        return int(datasource_name in self.contracts)

    async def find(self, _: str, datasource_name: str, version: int) -> bytes | None:
        found = self.contracts.get(datasource_name) if version == 1 else None
        return None if found is None else found.encode()

    async def emit(self, event: TaskEvent, *, traceparent: str | None = None) -> None:
        del traceparent
        self.emitted.append(event)


@pytest.fixture
async def store() -> InMemoryObjectStore:
    made = InMemoryObjectStore()
    await made.ensure_bucket()
    return made


class Kept(Readings):
    """What was kept of earlier files."""

    def __init__(self, readings: dict[str, Reading] | None = None) -> None:
        self.readings = readings or {}

    async def of(self, task_ids: tuple[str, ...]) -> dict[str, Reading]:
        return {task_id: self.readings[task_id] for task_id in task_ids if task_id in self.readings}


def judge_of(store: InMemoryObjectStore, notebook: Notebook, work_dir: Path, readings: Readings | None = None) -> Judge:
    rules = Rules(
        allowed_buckets=frozenset({store.bucket}),
        max_source_bytes=2**30,
        max_record_bytes=LIMIT_BYTES,
        parse=ParseLimits(),
        child=ChildLimits(),
    )
    inbox, producer = cast("Inbox", notebook), cast("EventProducer", notebook)
    pinning = Pinning(cast("ContractRows", notebook), inbox, lambda: NOW, patience=PATIENCE, all_heard=_all_heard)
    lanes = Lanes(SMALL_FILE_BYTES)
    return Judge(store, inbox, producer, rules, Workplace(work_dir), lanes, readings or Kept(), pinning, lambda: NOW)


async def _all_heard() -> bool:
    return True


async def told(store: InMemoryObjectStore, content: str, work_dir: Path) -> FileValidated | TaskUpdated:
    """The judge's last word on a file, after a look at what it kept."""
    notebook = Notebook()
    job = await job_of(store, content)
    done = await judge_of(store, notebook, work_dir)(job)
    assert isinstance(done, Done)
    (said,) = done.events
    assert files_below(work_dir) == [LOCK_NAME]
    assert isinstance(said, FileValidated | TaskUpdated)
    assert notebook.kept["outcome"]["body"] == said.model_dump(mode="json")
    return said


def files_below(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def job_of(
    store: InMemoryObjectStore, content: str = "", *, correction: Correction | None = None, **columns: Any
) -> Job:
    task_id = ids.fresh_task_id()
    key = f"uploads/{task_id}.csv"
    await store.put_bytes(key, content.encode())
    uri = f"s3://{store.bucket}/{key}"
    event = FileUploaded(task_id=task_id, datasource_name="wide", file_uri=uri, accepted_at=NOW, correction=correction)
    return Job(
        event_id=uuid.uuid4(),
        task_id=task_id,
        attempt=1,
        event=event.model_dump(mode="json"),
        traceparent=None,
        lane=SMALL,
        tries=1,
        deaths=0,
        wait_reason=None,
        columns={"outcome": None, "contract_version": None, "contract_missed_at": None, "runs": None, **columns},
    )


def wide(columns: int, *, name_characters: int) -> str:
    names = [f"c{number}".ljust(name_characters, "_") for number in range(columns)]
    return f"ts,{','.join(names)}\n2024-01-01{',1' * columns}\n"


async def test_a_verdict_that_no_record_holds_rejects_the_file(store: InMemoryObjectStore, tmp_path: Path) -> None:
    said = await told(store, wide(40, name_characters=100), tmp_path)
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.reason, said.rows_read) == (TaskStatus.REJECTED, "limit_columns", 1)
    (problem,) = said.problems
    assert (problem.detail["columns"], problem.detail["limit"]) == (40, LIMIT_BYTES)
    assert f"{LIMIT_BYTES:,}" in problem.message
    assert "KAFKA_MAX_RECORD_BYTES" in problem.message
    assert record_bytes(said) <= LIMIT_BYTES
    assert [key for key in store.objects() if not key.startswith("uploads/")] == []


async def test_a_verdict_tells_how_the_contract_loads_it(store: InMemoryObjectStore, tmp_path: Path) -> None:
    content = (
        "format_version: 1\ndatasource: wide\ncolumns:\n  - {name: ts, type: timestamp, role: time}\n"
        "  - {name: n, type: long, role: metric}\nloading: {rollup: true, duplicates: load}\n"
        "drift: {wider_type: evolve, narrower_type: reject}\n"
    )
    notebook = Notebook(wide=content)
    job = await job_of(store, "ts,n\n2024-01-01,5\n")
    done = await judge_of(store, notebook, tmp_path)(job)
    assert isinstance(done, Done)
    (said,) = done.events
    assert isinstance(said, FileValidated)
    expected = Loading(
        rollup=True,
        metrics=(Metric(name="n", type="sum", column="n", number="long"),),
        left_out=("n",),
        duplicates="load",
        wider_type="evolve",
        narrower_type="reject",
    )
    assert said.loading == expected
    assert FileValidated.model_validate(notebook.kept["outcome"]["body"]).loading == expected


async def test_a_verdict_that_fits_is_told(store: InMemoryObjectStore, tmp_path: Path) -> None:
    said = await told(store, wide(40, name_characters=20), tmp_path)
    assert isinstance(said, FileValidated)
    assert len(said.columns) == 40
    assert {key.split("/")[0] for key in store.objects()} == {"uploads", "validated", "reports"}


async def test_a_rejection_that_no_record_holds_is_told_shorter(store: InMemoryObjectStore, tmp_path: Path) -> None:
    names = [f"name{number}".ljust(3_000, "_") for number in range(9)]
    said = await told(store, f"{','.join(names)}\n{','.join('abcdefghi')}\n", tmp_path)
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.reason) == (TaskStatus.REJECTED, "timestamp_missing")
    assert said.problems[0].message.startswith("No column looks like a time")
    assert said.report_key in store.objects()
    assert record_bytes(said) <= LIMIT_BYTES


async def test_the_last_words_on_a_file_are_the_verdict_that_was_kept(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook()
    judge = judge_of(store, notebook, tmp_path)
    (verdict,) = (await judge(await job_of(store, wide(2, name_characters=5)))).events
    assert isinstance(verdict, FileValidated)
    job = await job_of(store, outcome=notebook.kept["outcome"])
    assert await judge.last_words(job, "the validator died 3 times on it") == (verdict,)


async def test_the_last_words_on_a_file_without_a_verdict_end_its_task(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook()
    job = await job_of(store)
    (said,) = await judge_of(store, notebook, tmp_path).last_words(job, "the validator died 3 times on it")
    assert isinstance(said, TaskUpdated)
    assert notebook.kept["outcome"]["body"] == said.model_dump(mode="json")
    assert (said.status, said.reason) == (TaskStatus.FAILED, "validator_died")


async def test_record_bytes_are_never_less_than_what_is_sent(store: InMemoryObjectStore) -> None:
    event = FileUploaded.model_validate((await job_of(store)).event)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    record = encode(event, source="validator", traceparent=trace)
    headers = sum(len(name) + len(value) for name, value in record.headers.items())
    assert len(record.body) + len(record.key) + headers < record_bytes(event) < len(record.body) + 2_000
    assert json.loads(record.body)["task_id"] == event.task_id


async def test_the_contract_is_told_with_the_verdict_and_its_dialect_counts(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook(wide=SEMICOLONS)
    (said,) = (await judge_of(store, notebook, tmp_path)(await job_of(store, "ts;a,b\n2024-01-01;x,y\n"))).events
    assert isinstance(said, FileValidated)
    assert [column.source_name for column in said.columns] == ["a,b"]
    (validating,) = notebook.emitted
    assert isinstance(validating, TaskUpdated)
    assert (validating.status, validating.contract_version) == (TaskStatus.VALIDATING, 1)
    assert said.contract_version == notebook.kept["contract_version"] == 1


async def test_a_file_waits_for_its_contract_and_says_so(store: InMemoryObjectStore, tmp_path: Path) -> None:
    notebook = Notebook()
    wait = await judge_of(store, notebook, tmp_path)(await job_of(store, contract_version=1))
    assert isinstance(wait, Wait)
    (said,) = wait.events
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.reason, said.sequence) == (TaskStatus.PENDING, "contract_awaited", 1)
    assert wait.reason == "contract_awaited"
    assert timedelta(0) < wait.delay < timedelta(seconds=1)
    assert notebook.kept == {"contract_missed_at": NOW}
    assert notebook.emitted == []


async def test_a_contract_that_never_comes_ends_the_task_as_our_fault(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook()
    job = await job_of(store, contract_version=1, contract_missed_at=NOW - PATIENCE)
    done = await judge_of(store, notebook, tmp_path)(job)
    assert isinstance(done, Done)
    (said,) = done.events
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.reason) == (TaskStatus.FAILED, "contract_missing")
    assert notebook.kept["outcome"]["body"] == said.model_dump(mode="json")


@pytest.mark.parametrize(
    ("size_bytes", "lane"), [(None, SMALL), (0, SMALL), (SMALL_FILE_BYTES, SMALL), (SMALL_FILE_BYTES + 1, LARGE)]
)
def test_a_file_is_large_above_the_limit(size_bytes: int | None, lane: int) -> None:
    assert Lanes(SMALL_FILE_BYTES).lane(size_bytes) == lane


async def test_a_large_file_of_unknown_size_is_put_into_its_lane_unread(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook()
    job = await job_of(store, "x" * (SMALL_FILE_BYTES + 1))
    assert await judge_of(store, notebook, tmp_path)(job) == Wait(timedelta(0), None)
    assert (notebook.kept, notebook.emitted) == ({"lane": LARGE}, [])


async def test_a_large_file_is_judged_in_its_own_lane(store: InMemoryObjectStore, tmp_path: Path) -> None:
    notebook = Notebook()
    job = replace(await job_of(store, "x" * (SMALL_FILE_BYTES + 1)), lane=LARGE)
    assert isinstance(await judge_of(store, notebook, tmp_path)(job), Done)
    assert "outcome" in notebook.kept


async def test_a_file_of_unknown_size_that_is_not_there_is_told_so(store: InMemoryObjectStore, tmp_path: Path) -> None:
    notebook = Notebook()
    job = await job_of(store)
    await store.delete(f"uploads/{job.task_id}.csv")
    done = await judge_of(store, notebook, tmp_path)(job)
    assert isinstance(done, Done)
    assert [event.reason for event in done.events if isinstance(event, TaskUpdated)] == ["source_missing"]


PARENT = "day,n\n" + "29/02/2024,1\n" * 20 + "soon,2\n2/2\n"


async def a_parent(store: InMemoryObjectStore, work_dir: Path) -> tuple[str, Reading, list[dict[str, Any]]]:
    """A file with the bad records 21 and 22: its task, what is kept of it, and its rejects."""
    notebook = Notebook()
    job = await job_of(store, PARENT)
    (said,) = (await judge_of(store, notebook, work_dir)(job)).events
    assert isinstance(said, FileValidated)
    assert said.rejected_records == "21-22"
    assert said.corrected_records is None
    reading = Reading.model_validate(notebook.kept["reading"])
    assert reading.rejects_key == said.rejects_key
    lines = gzip.decompress(store.objects()[str(said.rejects_key)]).decode().splitlines()
    return job.task_id, reading, [json.loads(line) for line in lines]


async def corrected(
    store: InMemoryObjectStore, work_dir: Path, readings: dict[str, Reading], content: str, **said: Any
) -> FileValidated | TaskUpdated:
    job = await job_of(store, content, correction=Correction(**{"rows": 2, **said}))
    (spoken,) = (await judge_of(store, Notebook(), work_dir, Kept(readings))(job)).events
    assert isinstance(spoken, FileValidated | TaskUpdated)
    return spoken


async def test_a_correction_is_read_by_what_was_kept_of_its_parent(store: InMemoryObjectStore, tmp_path: Path) -> None:
    parent, reading, (late, _) = await a_parent(store, tmp_path)
    content = (
        json.dumps({**late, "fields": ["03/04/2024", "007"]})
        + "\n"
        + json.dumps({**late, "fields": ["03/04/2024", "7"]})
    )
    said = await corrected(store, tmp_path, {parent: reading}, content + "\n", parent_task_id=parent)
    assert isinstance(said, TaskUpdated)  # 007 is no long, and the second line is the same record again
    assert said.reason == "no_valid_rows"
    said = await corrected(store, tmp_path, {parent: reading}, content.splitlines()[1] + "\n", parent_task_id=parent)
    assert isinstance(said, FileValidated)
    assert (said.rows_accepted, said.corrected_records) == (1, "21")
    assert said.time_min == datetime(2024, 4, 3, tzinfo=UTC)
    assert [(one.name, one.type) for one in said.columns] == [("n", "long")]


async def test_a_correction_counts_for_the_contract_of_its_parent_and_is_read_by_its_columns(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook(wide=SEMICOLONS)
    job = await job_of(store, "ts;a,b\n" + "2024-01-01;1\n" * 20 + "soon;2\n")
    (of_parent,) = (await judge_of(store, notebook, tmp_path)(job)).events
    assert isinstance(of_parent, FileValidated)
    kept = Kept({job.task_id: Reading.model_validate(notebook.kept["reading"])})
    (bad,) = gzip.decompress(store.objects()[str(of_parent.rejects_key)]).decode().splitlines()
    rejects = json.dumps({**json.loads(bad), "fields": ["2024-02-01", "3"]}) + "\n"
    for content, record in ((rejects, "21"), ("ts;a,b\n2024-02-01;3\n", None)):
        again = await job_of(store, content, correction=Correction(parent_task_id=job.task_id, rows=1))
        again = replace(again, event={**again.event, "contract_version": 1})
        (said,) = (await judge_of(store, Notebook(wide=SEMICOLONS), tmp_path, kept)(again)).events
        assert isinstance(said, FileValidated), said
        assert (said.rows_accepted, said.corrected_records, said.contract_version) == (1, record, 1)
        assert said.columns == of_parent.columns


async def test_records_of_earlier_corrections_and_waivers_are_settled(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    parent, reading, rejects = await a_parent(store, tmp_path)
    earlier = ids.fresh_task_id()
    readings = {parent: reading, earlier: reading.model_copy(update={"corrected": "21"})}
    content = "".join(json.dumps({**one, "fields": ["03/04/2024", "7"]}) + "\n" for one in rejects)
    said = await corrected(store, tmp_path, readings, content, parent_task_id=parent, completed=(earlier,))
    assert isinstance(said, FileValidated)
    assert (said.rows_accepted, said.corrected_records) == (1, "22")
    said = await corrected(store, tmp_path, readings, content, parent_task_id=parent, waived="21-22")
    assert isinstance(said, TaskUpdated)
    assert said.reason == "no_valid_rows"


async def test_a_parent_of_which_nothing_is_kept_is_told(store: InMemoryObjectStore, tmp_path: Path) -> None:
    parent, reading, _ = await a_parent(store, tmp_path)
    gone = reading.model_copy(update={"rejects_key": "rejected/gone"})
    for readings in ({}, {parent: gone}, {parent: gone.model_copy(update={"rejects_key": None})}):
        said = await corrected(store, tmp_path, readings, "day,n\n", parent_task_id=parent)
        assert isinstance(said, TaskUpdated)
        assert (said.status, said.reason) == (TaskStatus.REJECTED, "correction_parent_unknown")
        assert "upload the corrected rows as a file of their own" in said.problems[0].message


async def test_numbers_of_records_are_left_out_before_a_verdict_is(store: InMemoryObjectStore, tmp_path: Path) -> None:
    bad = "".join("1\n2024-01-01,1\n" for _ in range(3_000))
    notebook = Notebook()
    job = await job_of(store, "ts,n\n" + bad)
    event = {**job.event, "options": {"max_rejected_ratio": 1.0}}
    (said,) = (await judge_of(store, notebook, tmp_path)(replace(job, event=event))).events
    assert isinstance(said, FileValidated)
    assert said.rejected_records is None
    assert record_bytes(said) <= LIMIT_BYTES


async def test_the_digest_of_the_file_is_told(store: InMemoryObjectStore, tmp_path: Path) -> None:
    content = "ts,n\n2024-01-01T00:00:00Z,1\n"
    said = await told(store, content, tmp_path)
    assert isinstance(said, FileValidated)
    assert said.source_sha256 == hashlib.sha256(content.encode()).hexdigest()


async def test_a_file_of_another_digest_than_was_uploaded_is_not_judged(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    notebook = Notebook()
    job = await job_of(store, "ts,n\n2024-01-01T00:00:00Z,1\n")
    job = replace(job, event={**job.event, "sha256": "0" * 64})
    done = await judge_of(store, notebook, tmp_path)(job)
    assert isinstance(done, Done)
    (said,) = done.events
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.problems[0].code) == (TaskStatus.FAILED, "source_changed")


async def stopped(store: InMemoryObjectStore, work_dir: Path, stop_after: str) -> tuple[TaskEvent, ...]:
    """What is said of a file of two hours whose task stops; twice, as after a death between saying and marking."""
    notebook = Notebook()
    job = await job_of(store, "ts,n\n2024-01-01T00:00:00Z,1\n2024-01-01T00:59:00Z,2\n2024-01-01T01:00:00Z,3\n")
    job = replace(job, event={**job.event, "options": {"stop_after": stop_after}})
    judge = judge_of(store, notebook, work_dir)
    done = await judge(job)
    again = await judge(replace(job, columns={**job.columns, "outcome": notebook.kept["outcome"]}))
    assert isinstance(done, Done)
    assert again == done
    return cast("tuple[TaskEvent, ...]", done.events)


async def test_a_task_that_stops_after_its_validation_ends_with_its_verdict(
    store: InMemoryObjectStore, tmp_path: Path
) -> None:
    verdict, end = await stopped(store, tmp_path, "validation")
    assert isinstance(verdict, FileValidated)
    assert isinstance(end, TaskUpdated)
    assert (end.status, end.reason) == (TaskStatus.COMPLETED, "stopped_after_validation")
    assert (end.rows_read, end.rows_rejected, end.report_key) == (3, 0, verdict.report_key)
    assert end.occurred_at == verdict.finished_at
    assert verdict.rows_by_time is None


async def test_a_verdict_for_a_plan_says_where_in_time_the_rows_lie(store: InMemoryObjectStore, tmp_path: Path) -> None:
    (verdict,) = await stopped(store, tmp_path, "plan")
    assert isinstance(verdict, FileValidated)
    assert verdict.rows_by_time is not None
    assert [(f"{one.start:%H:%M}", one.rows) for one in verdict.rows_by_time] == [("00:00", 2), ("01:00", 1)]
