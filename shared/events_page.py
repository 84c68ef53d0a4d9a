"""The text of `docs/events.md`, written from the models and the topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.events import EVENT_CLASSES, AnyEvent, FileUploaded, FileValidated, Model, TaskUpdated
from shared.kafka.envelope import CONTENT_TYPE, SPEC_VERSION, UpstreamFile
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import SERVICES_THAT_LISTEN, TopicSpec, all_topics

Schema = Mapping[str, Any]


def page() -> str:
    """The text of `docs/events.md`."""
    # The defaults of the code, whatever the environment says: the page must not depend on who writes it.
    topics = all_topics(KafkaSettings.model_construct())
    lines = [
        "# Topics and events",
        "",
        "<!-- Written by `make docs` from `shared/events.py` and `shared/kafka/`; do not edit. -->",
        "",
        "Services tell each other what happened through Kafka, and in no other way. A record is a CloudEvent in binary",
        "mode: attributes in headers, the event as a JSON body. The JSON Schema of each body is in",
        "`tests/contracts/schemas/`, real records of each kind in `tests/contracts/examples/`.",
        "",
        *_topics(topics),
        *_envelope(),
        *_rules(),
    ]
    for event in EVENT_CLASSES:
        lines += ["", f"## {event.__name__}", "", *_event(event)]
    lines += ["", "## A record of an upstream system", "", *_upstream()]
    return "\n".join(lines) + "\n"


def _topics(topics: list[TopicSpec]) -> list[str]:
    rows = [f"| `{topic.name}` | {_kept(topic)} | {topic.config['max.message.bytes']} |" for topic in topics]
    return [
        "## Topics",
        "",
        "Made by `ingest topics create`; `KAFKA_TOPIC_PREFIX` stands before every name. Records have the task id as",
        "their key, so that the events of a task keep their order.",
        "",
        "| topic | kept | largest record in bytes |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _kept(topic: TopicSpec) -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "the last record of each key"
    milliseconds = int(topic.config["retention.ms"])
    return "for ever" if milliseconds < 0 else f"{milliseconds // 86_400_000} days"


def _envelope() -> list[str]:
    rows = {
        "ce_specversion": f"`{SPEC_VERSION}`",
        "ce_id": "the event's id, a UUIDv5 of task, type, attempt, stage and sequence: it repeats when the step does",
        "ce_type": "the event's type, with its version",
        "ce_source": "`/ingest/` and the service",
        "ce_time": "when the thing happened, in RFC 3339",
        "ce_subject": "the task id",
        "content-type": f"`{CONTENT_TYPE}`",
        "traceparent": "W3C Trace Context; may be absent",
    }
    return ["## Headers", "", "| header | value |", "|---|---|", *(f"| `{k}` | {v} |" for k, v in rows.items()), ""]


def _rules() -> list[str]:
    letters = ", ".join(f"`{service}.dlq`" for service in SERVICES_THAT_LISTEN)
    return [
        "## Rules",
        "",
        "- A version of an event only grows: optional fields and values of enumerations may be added, nothing is taken",
        "  away or changed. Readers ignore fields that they do not know; readers are upgraded before writers.",
        "- Every event may come more than once, and in any order. Its id tells copies.",
        "- Fields that are empty are left out of the body.",
        "- A record that a service cannot understand is parked whole, with the headers `dlq_topic`, `dlq_partition`,",
        "  `dlq_offset`, `dlq_error`, `dlq_attempts` and `dlq_service` beside its own, in the service's dead letters:",
        f"  {letters}.",
        f"  If its task id can be read, `{TaskUpdated.topic}` says FAILED with the reason `parked`. Should the letter",
        "  be larger than its topic takes, the value is left out and `dlq_left_out_bytes` tells its size.",
        "- A record waits in place for as long as a dependency is away.",
    ]


def _event(event: type[AnyEvent]) -> list[str]:
    heading = [f"Type `{event.event_type}`, topic `{event.topic}`.", "", _first_paragraph(event), ""]
    return [*heading, *_fields(event.model_json_schema())]


def _upstream() -> list[str]:
    return [
        f"On `{FileUploaded.topic}`: {_first_paragraph(UpstreamFile)}",
        "Neither headers nor key are needed. The task id comes from datasource, object and `ce_id` or `request_id`: a",
        f"repeated record is the same task. Nothing but two fields is required, and `{FileValidated.topic}` or",
        f"`{TaskUpdated.topic}` carries the answer.",
        "",
        *_fields(UpstreamFile.model_json_schema()),
    ]


def _first_paragraph(model: type[Model]) -> str:
    return (model.__doc__ or "").split("\n\n", maxsplit=1)[0].replace("\n    ", " ")


def _fields(schema: Schema) -> list[str]:
    definitions = schema.get("$defs", {})
    lines = _table(schema, definitions)
    for name, described in definitions.items():
        if "properties" in described:
            lines += ["", f"`{name}`:", "", *_table(described, definitions)]
    return lines


def _table(schema: Schema, definitions: Schema) -> list[str]:
    needed = schema.get("required", [])
    rows = [
        f"| `{name}` | {_kind(field, definitions)} | {'yes' if name in needed else ''} | {field['description']} |"
        for name, field in schema["properties"].items()
    ]
    return ["| field | type | needed | meaning |", "|---|---|---|---|", *rows]


def _kind(field: Schema, definitions: Schema) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", maxsplit=1)[-1]
        return _kind(definitions[name], definitions) if "enum" in definitions[name] else f"`{name}`"
    if "anyOf" in field:
        return " or ".join(_kind(one, definitions) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'], definitions)}"
    return str(field.get("format", field.get("type", "any")))
