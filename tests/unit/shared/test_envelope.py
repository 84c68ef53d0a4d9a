"""Reading records; the round trip of every event is in `tests/contracts/test_encoding.py`."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import FileUploaded, LoadMode, TaskStatus, TaskUpdated
from shared.kafka.envelope import RawHeaders, Received, Subject, UnreadableRecordError, decode, encode, record_time

TASK = "dSXkVh3PurvQXCK83h2Tmp"
TYPE = ("ce_type", b"ingest.task.updated.v1")
BODY = {"task_id": TASK, "status": "RUNNING", "occurred_at": "2026-03-01T00:00:00Z"}


def read(body: Any, headers: RawHeaders = (TYPE,), *, topic: str = "task.updated", timestamp_ms: int = 0) -> Received:
    value = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return decode(topic=topic, value=value, headers=headers, timestamp_ms=timestamp_ms)


def problem(body: Any, headers: RawHeaders = (TYPE,), **where: Any) -> UnreadableRecordError:
    with pytest.raises(UnreadableRecordError) as caught:
        read(body, headers, **where)
    return caught.value


def test_headers_that_are_not_ours_may_be_anything() -> None:
    assert read(BODY, [TYPE, ("x", None), ("y", b"\xff"), ("ce_", b"\xff"), ("", b"")]).event.key == TASK


def test_a_later_header_of_the_same_name_counts() -> None:
    assert read(BODY, [("ce_type", b"nothing"), TYPE]).event.key == TASK


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        (b"00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", False),
        (b"\x00", False),
        (b"x" * 100_000, False),
        (b"", False),
        (None, False),
    ],
)
def test_a_trace_is_kept_if_it_is_one(sent: bytes | None, *, kept: bool) -> None:
    assert read(BODY, [TYPE, ("traceparent", sent)]).traceparent == (sent.decode() if kept and sent else None)


def test_the_problem_is_told_without_the_value() -> None:
    told = str(problem({**BODY, "status": "secret-4711"}))
    assert told.startswith("status: Input should be")
    assert "4711" not in told


@pytest.mark.parametrize(
    ("headers", "body", "subject"),
    [
        ([], BODY, Subject(TASK)),
        ([("ce_subject", TASK.encode())], b"no JSON", Subject(TASK)),
        ([("ce_subject", TASK.encode())], None, Subject(TASK)),
        ([("ce_subject", b"\xff")], {**BODY, "attempt": 3}, Subject(TASK, 3)),
        ([], {**BODY, "attempt": "3"}, Subject(TASK)),
        ([], {**BODY, "attempt": True}, Subject(TASK)),
        ([], {**BODY, "attempt": 2**80}, Subject(TASK)),
        ([], {**BODY, "attempt": 0}, Subject(TASK)),
        ([("ce_subject", b"z" * 22)], {"task_id": 5}, None),
        ([], b"", None),
        ([], None, None),
    ],
)
def test_the_subject_is_found_where_it_can_be(headers: RawHeaders, body: Any, subject: Subject | None) -> None:
    assert problem(body, headers).subject == subject


def test_the_type_must_belong_to_the_topic() -> None:
    assert "is known on this topic" in str(problem(BODY, topic="file.validated"))


def test_an_upload_of_ours_is_not_taken_for_an_upstream_record() -> None:
    good = {"file_uri": "s3://a/b", "datasource_name": "d"}
    assert "ce_type" in str(problem({**good, "task_id": TASK}, [], topic="file.uploaded"))
    assert "ce_type" in str(problem({**good, "task_id": 5}, [], topic="file.uploaded"))
    later = [("ce_type", b"ingest.file.uploaded.v2")]
    assert "ingest.file.uploaded.v2" in str(problem(good, later, topic="file.uploaded"))


def test_an_upstream_record_takes_its_time_from_kafka() -> None:
    event = read({"file_uri": "s3://a/b", "datasource_name": "d"}, [], topic="file.uploaded", timestamp_ms=1_000).event
    assert isinstance(event, FileUploaded)
    assert event.accepted_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert event.options.mode is LoadMode.APPEND
    assert "is no time" in str(
        problem({"file_uri": "s3://a/b", "datasource_name": "d"}, [], topic="file.uploaded", timestamp_ms=2**62)
    )


def test_an_upstream_retry_is_the_same_event() -> None:
    body = {"file_uri": "s3://a/b", "datasource_name": "d"}
    first, again = (read(body, [], topic="file.uploaded", timestamp_ms=time) for time in (1_000, 2_000))
    other = read({**body, "request_id": "2"}, [], topic="file.uploaded")
    by_header = read(body, [("ce_id", b"2")], topic="file.uploaded")
    assert first.event_id == again.event_id
    assert other.event_id == by_header.event_id != first.event_id


@pytest.mark.parametrize(("milliseconds", "year"), [(-1, 1970), (0, 1970), (1_772_357_400_000, 2026), (2**62, None)])
def test_the_time_of_a_record_may_be_none(milliseconds: int, year: int | None) -> None:
    time = record_time(milliseconds)
    assert (time.year if time else None) == year


HEADER = st.tuples(
    st.sampled_from(["ce_type", "ce_subject", "ce_specversion", "ce_id", "traceparent", "x"]),
    st.none() | st.binary(max_size=30) | st.sampled_from([b"ingest.task.updated.v1", TASK.encode(), b"1.0"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(TASK),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*BODY, "attempt", "file_uri", "datasource_name", "tenant"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(
    topic=st.sampled_from(["file.uploaded", "file.validated", "task.updated", "task.commands"]),
    value=st.none() | st.binary(max_size=60) | JSON.map(lambda one: json.dumps(one).encode()),
    headers=st.lists(HEADER, max_size=5),
    timestamp_ms=st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_comes_is_an_event_or_unreadable(
    topic: str, value: bytes | None, headers: list[tuple[str, bytes | None]], timestamp_ms: int
) -> None:
    with contextlib.suppress(UnreadableRecordError):
        received = decode(topic=topic, value=value, headers=headers, timestamp_ms=timestamp_ms)
        assert received.event_id == received.event.event_id


def test_a_trace_is_written_only_when_there_is_one() -> None:
    event = TaskUpdated(task_id=TASK, status=TaskStatus.RUNNING, occurred_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert "traceparent" not in encode(event, source="test").headers
    assert encode(event, source="test", traceparent="t").headers["traceparent"] == "t"
