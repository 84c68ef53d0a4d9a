"""The AsyncAPI 3.0 document of the platform: every topic with its settings, every message, and who sends and hears it.

Specification: https://www.asyncapi.com/docs/reference/specification/v3.0.0, with the Kafka bindings in version 0.5.0.
FastStream's models of the specification (0.7.8) are no help here: they drop a topic's configuration without a word and
know no headers, examples or bindings of a message. The contract tests hold the document against the official schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from shared import ids
from shared.events import DatasourceUpdated
from shared.events_page import first_paragraph
from shared.kafka.envelope import CONTENT_TYPE, UpstreamFile
from shared.kafka.headers import CLOUD_EVENT, DEAD_LETTER, UPSTREAM, Header, headers_schema
from shared.kafka.parties import LETTER, PARTIES, SERVICES_THAT_LISTEN, Message, Party, messages_on
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import TopicSpec, all_topics, group_name

VERSION = "3.0.0"
KAFKA_BINDINGS = "0.5.0"
Json = dict[str, Any]

_ABOUT = """\
What the services and the systems before them tell each other through Kafka. Records are CloudEvents 1.0 in binary mode;
each may come more than once and in any order, and its `ce_id` tells copies. `KAFKA_TOPIC_PREFIX` stands before the name
of every topic and consumer group of an installation; settings of topics are the defaults. An operation begins with the
name of the party that sends or receives. The same in prose: `docs/events.md`."""
_TASK_KEY = {"type": "string", "pattern": ids.TASK_ID_PATTERN.pattern, "description": "The task id."}
_VERSION_KEY = {"type": "string", "description": "Tenant, datasource and version, with slashes between them."}
_LETTER_VALUE = {"description": "The record's value as it was, which may be anything, or nothing."}


def document(models: Mapping[str, Message], *, version: str, examples: Mapping[str, Sequence[Json]]) -> Json:
    """The whole document.

    Args:
        models: the bodies, by the name of their kind.
        version: the version of the platform.
        examples: AsyncAPI's message examples, by the name of their kind.
    """
    # The defaults of the code, whatever the environment says: the document must not depend on who writes it.
    settings = KafkaSettings.model_construct()
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "druid-ingest",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": party.name} for party in PARTIES],
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "local": {
                "host": settings.bootstrap_servers,
                "protocol": "kafka",
                "description": "Kafka on this machine; every installation has its own.",
            }
        },
        "channels": {topic.name: _channel(topic) for topic in all_topics(settings)},
        "operations": {name: one for party in PARTIES for name, one in _operations(party, settings).items()},
        "components": {
            "messages": {
                **{model.__name__: _message(kind, model, examples.get(kind, ())) for kind, model in models.items()},
                LETTER: _letter(),
            },
            "schemas": {
                "CloudEventHeaders": headers_schema(CLOUD_EVENT),
                "DeadLetterHeaders": headers_schema(DEAD_LETTER),
                **_bodies(models),
            },
        },
    }


def _channel(topic: TopicSpec) -> Json:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in messages_on(topic.name)}
    binding = {
        "topic": topic.name,
        "partitions": topic.partitions,
        "replicas": topic.replication_factor,
        "topicConfiguration": {name: _setting(name, value) for name, value in topic.config.items()},
        "bindingVersion": KAFKA_BINDINGS,
    }
    about = {} if messages else {"description": "The topic is made, and nothing is said on it yet."}
    return {"address": topic.name, **about, "messages": messages, "bindings": {"kafka": binding}}


def _setting(name: str, value: str) -> int | str | list[str]:
    """A topic's setting in the type that the binding gives it; Kafka's own are all text."""
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.removeprefix("-").isdecimal() else value


def _operations(party: Party, settings: KafkaSettings) -> dict[str, Json]:
    made = {}
    for topic, names in party.sends.items():
        parked = {"description": "Only when it parks a record."} if party.only_parks_on(topic) else {}
        made[f"{party.name}.send.{topic}"] = {**_operation("send", topic, names, party), **parked}
    group = {"type": "string", "enum": [group_name(settings, party.name)]}
    for topic in party.receives:
        bindings = {"kafka": {"groupId": group, "bindingVersion": KAFKA_BINDINGS}}
        operation = _operation("receive", topic, messages_on(topic), party)
        made[f"{party.name}.receive.{topic}"] = {**operation, "bindings": bindings}
    return made


def _operation(action: str, topic: str, names: Sequence[str], party: Party) -> Json:
    channel = f"#/channels/{topic}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
        "tags": [{"name": party.name}],
    }


def _message(kind: str, model: Message, examples: Sequence[Json]) -> Json:
    body = {"$ref": f"#/components/schemas/{model.__name__}"}
    common = {"name": kind, "title": model.__name__, "summary": first_paragraph(model)}
    shown = {"examples": list(examples)} if examples else {}
    if issubclass(model, UpstreamFile):
        # A body with a task id is read as an event of ours.
        payload = {"allOf": [body, {"not": {"required": ["task_id"]}}]}
        return {**common, "headers": headers_schema(UPSTREAM), "payload": payload, **shown}
    of_its_type = headers_schema([Header("ce_type", value=model.event_type)])
    return {
        **common,
        "headers": {"allOf": [{"$ref": "#/components/schemas/CloudEventHeaders"}, of_its_type], "type": "object"},
        "payload": body,
        "bindings": {"kafka": {"key": _key(model), "bindingVersion": KAFKA_BINDINGS}},
        **shown,
    }


def _key(model: Message) -> Json:
    return _VERSION_KEY if issubclass(model, DatasourceUpdated) else _TASK_KEY


def _letter() -> Json:
    services = ", ".join(SERVICES_THAT_LISTEN)
    return {
        "name": "dead.letter",
        "title": LETTER,
        "summary": f"A record that a service ({services}) could not understand, with its own key and headers.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
        "payload": _LETTER_VALUE,
    }


def _bodies(models: Mapping[str, Message]) -> Json:
    _, made = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template="#/components/schemas/{model}"
    )
    bodies: Json = made["$defs"]
    return bodies
