"""What the headers of a record mean: those of a CloudEvent, and those that a dead letter has beside its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.kafka.envelope import CONTENT_TYPE, SPEC_VERSION


@dataclass(frozen=True)
class Header:
    """A header whose value is UTF-8 text.

    Args:
        name: as Kafka has it.
        meaning: in Markdown.
        value: the only value, when there is only one.
        form: a format or pattern of JSON Schema.
        needed: whether a record without it is none of its kind.
    """

    name: str
    meaning: str = ""
    value: str | None = None
    form: tuple[tuple[str, str], ...] = ()
    needed: bool = False

    @property
    def text(self) -> str:
        """What to write in its place: its only value, or what it means."""
        return self.meaning if self.value is None else f"`{self.value}`"

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its value."""
        only = {} if self.value is None else {"const": self.value}
        words = {"description": self.meaning} if self.meaning else {}
        return {"type": "string", **only, **dict(self.form), **words}


CLOUD_EVENT = (
    Header("ce_specversion", value=SPEC_VERSION, needed=True),
    Header(
        "ce_id",
        "the event's id, a UUIDv5 of task, type, attempt, stage and sequence, or of a datasource and its version: it "
        "repeats when the step does",
        form=(("format", "uuid"),),
        needed=True,
    ),
    Header("ce_type", "the event's type, with its version", needed=True),
    Header("ce_source", "`/ingest/` and the service", form=(("pattern", "^/ingest/."),), needed=True),
    Header("ce_time", "when the thing happened, in RFC 3339", form=(("format", "date-time"),)),
    Header("ce_subject", "the record's key: the task id, or tenant, datasource and version"),
    Header("content-type", value=CONTENT_TYPE),
    Header("traceparent", "W3C Trace Context; may be absent"),
)
_NUMBER = (("pattern", "^[0-9]+$"),)
DEAD_LETTER = (
    Header("dlq_topic", "the topic where the record was", needed=True),
    Header("dlq_partition", "its partition", form=_NUMBER, needed=True),
    Header("dlq_offset", "its offset", form=_NUMBER, needed=True),
    Header("dlq_error", "why it was parked", needed=True),
    Header("dlq_attempts", "how often it was tried", form=_NUMBER, needed=True),
    Header("dlq_service", "the service that parked it", needed=True),
    Header(
        "dlq_left_out_bytes",
        "the size of a value that was larger than the topic takes, and so was left out, with the record's own headers",
        form=_NUMBER,
    ),
)
UPSTREAM = (
    Header("ce_id", "with datasource and object it makes the task id"),
    Header("traceparent", "W3C Trace Context"),
)


def headers_schema(headers: Iterable[Header]) -> dict[str, Any]:
    """The JSON Schema of a record's headers; others may stand beside them."""
    described = tuple(headers)
    schema: dict[str, Any] = {"type": "object", "properties": {header.name: header.schema for header in described}}
    needed = [header.name for header in described if header.needed]
    return {**schema, "required": needed} if needed else schema
