"""What the producers write obeys the checked-in schemas and CloudEvents 1.0 in binary mode."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings

from shared.events import EVENT_CLASSES, AnyEvent, event_time
from shared.kafka.envelope import OutgoingRecord, decode, encode
from tests.contracts import strategies
from tests.contracts.golden import FORMATS, schema

REQUIRED = {"ce_specversion", "ce_id", "ce_type", "ce_source"}
OPTIONAL = {"ce_time", "ce_subject", "content-type", "traceparent"}
VALIDATORS = {
    event.event_type: jsonschema.Draft202012Validator(schema(event.event_type), format_checker=FORMATS)
    for event in EVENT_CLASSES
}


def problems_with(record: OutgoingRecord) -> list[str]:
    """What is wrong with a record, by its schema and by the rules of CloudEvents for Kafka headers."""
    headers = record.headers
    found = [error.message for error in VALIDATORS[headers["ce_type"]].iter_errors(json.loads(record.body))]
    found += [f"{name} is missing" for name in REQUIRED - headers.keys()]
    found += [f"{name} is no attribute of ours" for name in headers.keys() - REQUIRED - OPTIONAL]
    found += [f"{name} is empty" for name, value in headers.items() if not value]
    if headers.get("ce_specversion") != "1.0":
        found.append("another version of CloudEvents")
    if headers.get("content-type") != "application/json":
        found.append("the content type does not name the body's form")
    if headers.get("ce_subject") != record.key:
        found.append("the subject is not the key")
    if UUID(headers["ce_id"]) != record.event_id:
        found.append("the id is not the event's")
    if datetime.fromisoformat(headers["ce_time"]).tzinfo is None:
        found.append("the time has no zone")
    return found


@given(strategies.any_event)
@settings(max_examples=200, deadline=None)
def test_any_event_obeys(event: AnyEvent) -> None:
    record = encode(event, source="gateway")
    assert problems_with(record) == []
    assert record.topic == event.topic
    assert record.headers["ce_source"] == "/ingest/gateway"
    assert datetime.fromisoformat(record.headers["ce_time"]) == event_time(event)


@given(strategies.any_event)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read(event: AnyEvent) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    record = encode(event, source="gateway", traceparent=trace)
    headers = [(name, value.encode()) for name, value in record.headers.items()]
    received = decode(topic=record.topic, value=record.body, headers=headers, timestamp_ms=0)
    assert received.event == event
    assert received.event_id == record.event_id
    assert received.traceparent == trace


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"ce_subject": "another"}, "the subject is not the key"),
        ({"ce_time": "2026-03-01T09:30:00"}, "the time has no zone"),
        ({"ce_source": ""}, "ce_source is empty"),
        ({"ce_specversion": "0.3"}, "another version of CloudEvents"),
        ({"x-note": "hello"}, "x-note is no attribute of ours"),
        ({"content-type": "text/plain"}, "the content type does not name the body's form"),
    ],
)
def test_a_wrong_header_is_seen(change: dict[str, str], seen: str) -> None:
    assert problems_with(_changed(headers=change)) == [seen]


def test_a_wrong_body_is_seen() -> None:
    assert problems_with(_changed(body={"attempt": 0})) == ["0 is less than the minimum of 1"]
    assert problems_with(_changed(body={"issued_at": "yesterday"})) == ["'yesterday' is not a 'date-time'"]


def _changed(*, headers: dict[str, str] | None = None, body: dict[str, Any] | None = None) -> OutgoingRecord:
    sample = next(event for event in EVENT_CLASSES if event.event_type == "ingest.task.command.v1")
    event = sample.model_validate_json(
        '{"task_id": "dSXkVh3PurvQXCK83h2Tmp", "command": "cancel", "issued_at": "2026-03-01T09:30:00Z"}'
    )
    good = encode(event, source="gateway")
    content = json.dumps({**json.loads(good.body), **(body or {})}).encode()
    return OutgoingRecord(good.topic, good.key, {**good.headers, **(headers or {})}, content, good.event_id)
