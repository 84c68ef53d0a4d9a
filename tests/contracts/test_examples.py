from __future__ import annotations

import json
from itertools import pairwise

import jsonschema
import pytest

from shared import schema as contracts
from shared.events import EVENT_CLASSES, DatasourceUpdated, body_of
from shared.kafka.envelope import UpstreamFile, encode
from tests.contracts.golden import FORMATS, Golden, all_golden, schema

GOLDEN = all_golden()


@pytest.fixture(params=GOLDEN, ids=lambda one: f"{one.kind}-{one.name}")
def golden(request: pytest.FixtureRequest) -> Golden:
    chosen: Golden = request.param
    return chosen


def test_every_kind_has_several_examples() -> None:
    counts = {kind: sum(one.kind == kind for one in GOLDEN) for kind in contracts.MODELS}
    assert min(counts.values()) >= 2, counts
    assert all(
        any(one.kind == kind and one.name == "minimal" for one in GOLDEN) for kind in counts if "file.v1" not in kind
    )


def test_a_reader_takes_it(golden: Golden) -> None:
    received = golden.read()
    event = received.event
    named = {"key": event.key} if isinstance(event, DatasourceUpdated) else {"task_id": event.task_id}
    assert {"type": event.event_type, **named, "event_id": str(received.event_id)} == golden.reads
    assert received.traceparent == golden.headers.get("traceparent")


OURS = [one for one in GOLDEN if one.kind != contracts.UPSTREAM and one.name != "from_a_later_release"]


@pytest.mark.parametrize("golden", OURS, ids=lambda one: f"{one.kind}-{one.name}")
def test_a_reader_loses_no_field_of_it(golden: Golden) -> None:
    body = body_of(golden.read().event)
    assert {name: body.get(name) for name in golden.body} == golden.body


def test_an_upstream_record_becomes_an_upload_with_all_that_it_says() -> None:
    (golden,) = (one for one in GOLDEN if one.kind == contracts.UPSTREAM and one.name == "full")
    body = body_of(golden.read().event)
    said = {**body, **body["options"]}
    assert {name: said[name] for name in golden.body if name != "request_id"} == {
        name: value for name, value in golden.body.items() if name != "request_id"
    }
    assert body["accepted_at"] == "2026-03-01T09:30:00Z"


def test_a_later_release_may_say_more() -> None:
    (golden,) = (one for one in GOLDEN if one.name == "from_a_later_release")
    known = next(event for event in EVENT_CLASSES if event.event_type == golden.kind).model_fields
    assert golden.body.keys() - known.keys() == {"stop_after"}


def test_it_validates_against_its_schema(golden: Golden) -> None:
    jsonschema.validate(golden.body, schema(golden.kind), format_checker=FORMATS)


def test_the_full_example_has_every_field() -> None:
    for event in EVENT_CLASSES:
        said = {name for one in GOLDEN if one.kind == event.event_type for name in one.body}
        assert event.model_fields.keys() <= said, event.event_type
    (upstream,) = (one for one in GOLDEN if one.kind == contracts.UPSTREAM and one.name == "full")
    assert UpstreamFile.model_fields.keys() == upstream.body.keys()


def test_what_is_read_is_written_again_the_same(golden: Golden) -> None:
    received = golden.read()
    again = encode(received.event, source="test", traceparent=received.traceparent)
    assert again.headers["ce_id"] == golden.reads["event_id"]
    assert json.loads(again.body) == body_of(received.event)


def test_two_requests_for_one_upstream_object_are_two_tasks() -> None:
    tasks = sorted(one.reads["task_id"] for one in GOLDEN if one.kind == contracts.UPSTREAM)
    assert len(tasks) == 3
    assert all(one != other for one, other in pairwise(tasks))
