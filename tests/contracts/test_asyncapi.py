"""The AsyncAPI document is what the code says, is valid, and describes the records that are really there."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from shared import schema as contracts
from shared.events import AnyEvent
from shared.kafka.envelope import encode
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import all_topics
from shared.schema import ASYNCAPI, MODELS, ROOT, UPSTREAM, asyncapi_document
from tests.contracts import strategies
from tests.contracts.golden import FORMATS, HERE, Golden, all_golden

DOCUMENT = asyncapi_document()
OFFICIAL = jsonschema.Draft7Validator(json.loads((HERE / "asyncapi" / "3.0.0.json").read_text()))
Change = Callable[[dict[str, Any]], None]


def faults_of(document: dict[str, Any]) -> list[str]:
    """What is wrong with a document: by the official schema, and references that lead nowhere."""
    found = [f"{error.json_path}: {error.message}" for error in OFFICIAL.iter_errors(document)]
    return found + [f"{one} leads nowhere" for one in references(document) if resolved(document, one) is None]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(document: dict[str, Any], reference: str) -> Any:
    """What a reference leads to, through other references; None if that is nothing."""
    node: Any = document
    for name in reference.removeprefix("#/").split("/"):
        node = node.get(name)
        if node is None:
            return None
        if "$ref" in node and name not in document["components"]["schemas"]:
            node = resolved(document, node["$ref"])
    return node


def problems_with(message: str, headers: dict[str, Any], body: Any) -> list[str]:
    """What is wrong with a record as one of the document's messages."""
    described = DOCUMENT["components"]["messages"][message]
    return [
        error.message
        for part, value in (("headers", headers), ("payload", body))
        for error in jsonschema.Draft202012Validator(
            {**described[part], "components": DOCUMENT["components"]}, format_checker=FORMATS
        ).iter_errors(value)
    ]


def test_it_is_written_anew_after_a_change() -> None:
    assert (ROOT / ASYNCAPI).read_text() == contracts.written(DOCUMENT), "make docs"


def test_it_is_valid() -> None:
    assert faults_of(DOCUMENT) == []


def _no_action(document: dict[str, Any]) -> None:
    del document["operations"]["gateway.send.file.uploaded"]["action"]


def _retention_as_text(document: dict[str, Any]) -> None:
    document["channels"]["file.uploaded"]["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] = "-1"


def _another_version(document: dict[str, Any]) -> None:
    document["asyncapi"] = "2.6.0"


def _lost_body(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["Ledger"]


def _lost_message(document: dict[str, Any]) -> None:
    del document["channels"]["task.updated"]["messages"]["TaskUpdated"]


@pytest.mark.parametrize("change", [_no_action, _retention_as_text, _another_version, _lost_body, _lost_message])
def test_a_fault_would_be_seen(change: Change) -> None:
    changed = copy.deepcopy(DOCUMENT)
    change(changed)
    assert faults_of(changed)


def test_every_topic_is_a_channel_with_its_settings() -> None:
    for topic in all_topics(KafkaSettings.model_construct()):
        binding = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]
        assert (binding["partitions"], binding["replicas"]) == (topic.partitions, topic.replication_factor)
        told = {
            name: ",".join(value) if isinstance(value, list) else str(value)
            for name, value in binding["topicConfiguration"].items()
        }
        assert told == topic.config
    assert len(DOCUMENT["channels"]) == len(all_topics(KafkaSettings.model_construct()))


def test_every_message_travels() -> None:
    sent = {one["$ref"].rsplit("/", 1)[1] for name in _operations("send") for one in _messages(name)}
    assert sent == DOCUMENT["components"]["messages"].keys()


def test_what_is_received_is_sent() -> None:
    sent = {one["$ref"] for name in _operations("send") for one in _messages(name)}
    assert {one["$ref"] for name in _operations("receive") for one in _messages(name)} <= sent


@pytest.mark.parametrize("golden", all_golden(), ids=lambda one: f"{one.kind}-{one.name}")
def test_a_golden_record_is_exactly_one_message_of_its_channel(golden: Golden) -> None:
    on_channel = DOCUMENT["channels"][golden.topic]["messages"]
    assert [name for name in on_channel if not problems_with(name, golden.headers, golden.body)] == [
        MODELS[golden.kind].__name__
    ]


def test_every_golden_record_is_an_example() -> None:
    for kind, model in MODELS.items():
        shown = DOCUMENT["components"]["messages"][model.__name__]["examples"]
        assert [(one["headers"], one["payload"]) for one in shown] == [
            (one.headers, one.body) for one in all_golden() if one.kind == kind
        ]


@given(strategies.any_event)
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_the_message_and_has_no_other_header(event: AnyEvent) -> None:
    record = encode(event, source="gateway", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert problems_with(type(event).__name__, dict(record.headers), json.loads(record.body)) == []
    assert record.headers.keys() == DOCUMENT["components"]["schemas"]["CloudEventHeaders"]["properties"].keys()


def test_the_key_is_the_task_id() -> None:
    for golden in all_golden():
        message = DOCUMENT["components"]["messages"][MODELS[golden.kind].__name__]
        if golden.kind == UPSTREAM:
            assert "bindings" not in message
        else:
            jsonschema.validate(golden.key, message["bindings"]["kafka"]["key"])


def _operations(action: str) -> list[str]:
    return [name for name, one in DOCUMENT["operations"].items() if one["action"] == action]


def _messages(operation: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = DOCUMENT["operations"][operation]["messages"]
    return found
