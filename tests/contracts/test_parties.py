"""The table of who says and hears what is what the services do."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from aiokafka import ConsumerRecord

from shared.errors import PermanentError
from shared.events import EVENT_CLASSES, FileUploaded, TaskStatus, TaskUpdated
from shared.kafka.consumer import Consumer
from shared.kafka.envelope import Received, UpstreamFile
from shared.kafka.headers import DEAD_LETTER, headers_schema
from shared.kafka.parties import PARTIES, Party
from shared.kafka.producer import EventProducer, RecordRefusedError
from shared.kafka.settings import KafkaSettings
from shared.schema import ROOT
from tests.contracts.golden import all_golden

SERVICES = [party for party in PARTIES if party.name != "upstream"]
MADE = {event.__name__ for event in EVENT_CLASSES}
MINIMAL = {"S3_BUCKET_NAME": "ingest", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
OURS = frozenset(header.name for header in DEAD_LETTER)


def test_every_service_has_a_line() -> None:
    assert {party.name for party in SERVICES} == {file.parent.name for file in (ROOT / "services").glob("*/app.py")}


@pytest.mark.parametrize("party", SERVICES, ids=lambda party: party.name)
def test_a_service_hears_what_its_composition_root_subscribes_to(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    assert subscriptions(party.name, monkeypatch) == ([(party.name, party.receives)] if party.hears else [])


@pytest.mark.parametrize("party", SERVICES, ids=lambda party: party.name)
def test_a_service_says_the_events_that_its_code_makes(party: Party) -> None:
    assert {name for file in (ROOT / "services" / party.name).rglob("*.py") for name in made_in(file.read_text())} == {
        message.__name__ for message in party.says
    }


def test_beside_the_services_only_the_envelope_and_the_consumer_make_events() -> None:
    others = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "services").glob("*.py")]
    makers = {(file.name, name) for file in others for name in made_in(file.read_text())}
    assert makers == {("envelope.py", FileUploaded.__name__), ("consumer.py", TaskUpdated.__name__)}


def test_an_event_that_is_made_would_be_seen() -> None:
    planted = "match event:\n    case FileUploaded():\n        say(events.TaskUpdated(task_id='x'), TaskCommand())\n"
    assert sorted(made_in(planted)) == ["TaskCommand", "TaskUpdated"]


def test_a_party_that_hears_may_park() -> None:
    party = Party("auditor", hears=(FileUploaded,))
    assert party.sends == {"task.updated": ("TaskUpdated",), "auditor.dlq": ("DeadLetter",)}
    assert [topic for topic in party.sends if party.only_parks_on(topic)] == ["task.updated", "auditor.dlq"]
    assert Party("talker", says=(FileUploaded, UpstreamFile)).sends == {
        "file.uploaded": ("FileUploaded", "UpstreamFile")
    }


@pytest.mark.parametrize("too_large", [False, True])
async def test_parking_sends_a_dead_letter_with_the_headers_of_the_table(*, too_large: bool) -> None:
    producer = RefusingProducer() if too_large else RecordingProducer()
    consumer = Consumer(KafkaSettings.model_construct(), service="auditor", topics=(), handle=refuse, producer=producer)
    await consumer._settle(_a_record())
    ((topic, sent),) = producer.letters
    headers = {name: value.decode() for name, value in sent if name in OURS}
    assert topic == "auditor.dlq"
    assert headers.keys() == OURS - (frozenset() if too_large else {"dlq_left_out_bytes"})
    jsonschema.validate(headers, headers_schema(DEAD_LETTER))
    assert [(one.topic, one.status, one.reason) for one in producer.said] == [
        ("task.updated", TaskStatus.FAILED, "parked")
    ]


class RecordingProducer(EventProducer):
    def __init__(self) -> None:
        super().__init__(KafkaSettings.model_construct(), source="auditor")
        self.letters: list[tuple[str, list[tuple[str, bytes]]]] = []
        self.said: list[Any] = []

    async def send(self, topic: str, **record: Any) -> None:
        self.letters.append((topic, record["headers"]))

    async def emit(self, event: Any, *, traceparent: str | None = None) -> None:
        assert traceparent is None
        self.said.append(event)


class RefusingProducer(RecordingProducer):
    async def send(self, topic: str, **record: Any) -> None:
        if record["value"] is not None:
            msg = "too large"
            raise RecordRefusedError(msg)
        await super().send(topic, **record)


async def refuse(_received: Received) -> None:
    msg = "no"
    raise PermanentError(msg)


def _a_record() -> Any:
    golden = next(one for one in all_golden() if one.kind == FileUploaded.event_type)
    body = json.dumps(golden.body).encode()
    headers = [(name, (value or "").encode()) for name, value in golden.headers.items()]
    return ConsumerRecord(
        golden.topic, 0, 7, golden.timestamp_ms, 0, (golden.key or "").encode(), body, None, 22, len(body), headers
    )


def made_in(source: str) -> Iterator[str]:
    """Names of the events that code makes; a pattern of a `match` makes none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MADE:
                yield name


def subscriptions(name: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Every consumer that a service's composition root makes, as its group's service and its topics."""
    for variable, value in MINIMAL.items():
        monkeypatch.setenv(variable, value)
    made: list[tuple[str, tuple[str, ...]]] = []
    initialise = Consumer.__init__

    def watched(self: Consumer, *arguments: Any, **options: Any) -> None:
        made.append((options["service"], options["topics"]))
        initialise(self, *arguments, **options)

    monkeypatch.setattr(Consumer, "__init__", watched)
    module = importlib.import_module(f"services.{name}.settings")
    (group,) = (
        one
        for one in vars(module).values()
        if inspect.isclass(one) and hasattr(one, "read") and one.__module__ == module.__name__
    )
    importlib.import_module(f"services.{name}.app").create_app(group.read(None))
    return made
