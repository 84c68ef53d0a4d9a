"""The text of `docs/events.md`, written from the models and the topics."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shared.event_model import Model
from shared.events import EVENT_CLASSES, AnyEvent, FileUploaded, FileValidated, TaskUpdated
from shared.kafka.envelope import UpstreamFile
from shared.kafka.headers import CLOUD_EVENT, DEAD_LETTER, Header
from shared.kafka.parties import PARTIES, SERVICES_THAT_LISTEN, messages_on
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import TopicSpec, all_topics

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
        "`tests/contracts/schemas/`, real records of each kind in `tests/contracts/examples/`. For programs all of it",
        "is in the AsyncAPI 3 document [asyncapi.json](asyncapi.json).",
        "",
        *_topics(topics),
        *_headers(),
        *_rules(),
        *_dead_letters(),
    ]
    for event in EVENT_CLASSES:
        lines += ["", f"## {event.__name__}", "", *_event(event)]
    lines += ["", "## A record of an upstream system", "", *_upstream()]
    return "\n".join(lines) + "\n"


def _topics(topics: list[TopicSpec]) -> list[str]:
    return [
        "## Topics",
        "",
        "Made by `ingest topics create`; `KAFKA_TOPIC_PREFIX` stands before every name. Records have the task id as",
        "their key, so that the events of a task keep their order; those of a datasource have tenant, datasource and",
        "version, so that compaction keeps each.",
        "",
        "| topic | sent by | received by | kept | largest record in bytes |",
        "|---|---|---|---|---|",
        *(_topic_row(topic) for topic in topics),
        "",
    ]


def _topic_row(topic: TopicSpec) -> str:
    parties = f"{_senders(topic.name, messages_on(topic.name))} | {_receivers(topic.name)}"
    return f"| `{topic.name}` | {parties} | {_kept(topic)} | {topic.config['max.message.bytes']} |"


def _kept(topic: TopicSpec) -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "the last record of each key"
    milliseconds = int(topic.config["retention.ms"])
    return "for ever" if milliseconds < 0 else f"{milliseconds // 86_400_000} days"


def _senders(topic: str, messages: Collection[str]) -> str:
    """Who sends one of these messages to the topic."""
    sending = [party for party in PARTIES if not set(messages).isdisjoint(party.sends.get(topic, ()))]
    parked = " (`parked` only)" if topic == TaskUpdated.topic else ""
    return ", ".join(party.name + (parked if party.only_parks_on(topic) else "") for party in sending) or "nobody yet"


def _receivers(topic: str) -> str:
    return ", ".join(party.name for party in PARTIES if topic in party.receives) or "nobody"


def _headers() -> list[str]:
    return ["## Headers", "", *_header_table(CLOUD_EVENT), ""]


def _header_table(headers: Iterable[Header]) -> list[str]:
    return ["| header | value |", "|---|---|", *(f"| `{header.name}` | {header.text} |" for header in headers)]


def _rules() -> list[str]:
    return [
        "## Rules",
        "",
        "- A version of an event only grows: optional fields and values of enumerations may be added, nothing is taken",
        "  away or changed. Readers ignore fields that they do not know; readers are upgraded before writers.",
        "- Every event may come more than once, and in any order. Its id tells copies.",
        "- Fields that are empty are left out of the body.",
        "- A record waits in place for as long as a dependency is away.",
        "",
    ]


def _dead_letters() -> list[str]:
    letters = ", ".join(f"`{service}.dlq`" for service in SERVICES_THAT_LISTEN)
    return [
        "## Dead letters",
        "",
        "A record that a service cannot understand is parked whole in its dead letters, for a person to read:",
        f"{letters}. If its task id can be read, `{TaskUpdated.topic}`",
        "says FAILED with the reason `parked`. These headers stand beside the record's own:",
        "",
        *_header_table(DEAD_LETTER),
    ]


def _event(event: type[AnyEvent]) -> list[str]:
    heading = [
        f"Type `{event.event_type}`, topic `{event.topic}`.",
        f"Sent by: {_senders(event.topic, (event.__name__,))}. Received by: {_receivers(event.topic)}.",
        "",
        first_paragraph(event),
        "",
    ]
    return [*heading, *_fields(event.model_json_schema())]


def _upstream() -> list[str]:
    return [
        f"On `{FileUploaded.topic}`: {first_paragraph(UpstreamFile)}",
        "Neither headers nor key are needed. The task id comes from datasource, object and `ce_id` or `request_id`: a",
        f"repeated record is the same task. Nothing but two fields is required, and `{FileValidated.topic}` or",
        f"`{TaskUpdated.topic}` carries the answer. An option that names what there is not, such as an encoding, is",
        "answered by REJECTED `option_invalid`; one of another type or beyond its bounds makes the record unreadable.",
        "",
        *_fields(UpstreamFile.model_json_schema()),
    ]


def first_paragraph(model: type[Model]) -> str:
    """What a model's docstring says first, on one line."""
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
