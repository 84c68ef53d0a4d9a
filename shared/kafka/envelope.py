"""CloudEvents 1.0 in Kafka binary mode: attributes in headers, the event as a JSON body, its key as the subject.

Binding: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
An upstream system may leave all attributes out and publish `{"file_uri", "datasource_name"}` on `file.uploaded`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field, ValidationError

from shared import ids
from shared.errors import PermanentError
from shared.event_model import Model
from shared.events import (
    DEFAULT_TENANT,
    EVENT_CLASSES,
    FIRST_ATTEMPT,
    LAST_ATTEMPT,
    AnyEvent,
    DatasourceUpdated,
    FileUploaded,
    LoadOptions,
    event_time,
)

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
_CLASSES = {event.event_type: event for event in EVENT_CLASSES}
_OUR_TYPES = "ingest."
# Kafka counts the key, the headers, and the framing of a batch of one: 450 bytes with a traceparent.
_BESIDE_THE_BODY_BYTES = 1_024
# https://www.w3.org/TR/trace-context/#traceparent-header-field-values
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

RawHeaders = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Subject:
    """Whose record it is, and about which attempt."""

    task_id: str
    attempt: int = FIRST_ATTEMPT


class UnreadableRecordError(PermanentError):
    """A record is not one of our events; `subject` is set when its task id could be read all the same."""

    def __init__(self, message: str, *, subject: Subject | None = None) -> None:
        super().__init__(message)
        self.subject = subject


@dataclass(frozen=True)
class OutgoingRecord:
    """A record ready for Kafka; `topic` is without the installation's prefix."""

    topic: str
    key: str
    headers: dict[str, str]
    body: bytes
    event_id: UUID


@dataclass(frozen=True)
class Received:
    """An event as a handler gets it. `event_id` is computed from the event, so every copy has the same."""

    event: AnyEvent
    event_id: UUID
    traceparent: str | None = None

    @property
    def subject(self) -> Subject | None:
        """Which attempt of a task it is about; None when it is about no task."""
        event = self.event
        return None if isinstance(event, DatasourceUpdated) else Subject(event.task_id, event.attempt)


class _Announced(Model):
    """The fields of an upstream record that are no options, which are listed first."""

    file_uri: str = Field(min_length=1, max_length=4096)
    """The object, as `s3://bucket/key`; the bucket must be on the allow-list."""
    datasource_name: str = Field(min_length=1, max_length=1024)
    """Where the rows belong."""
    request_id: str | None = Field(default=None, max_length=256)
    """Tells two loads of one object apart; without it, and without `ce_id`, a second record is the same task."""
    user_id: str | None = Field(default=None, max_length=256)
    """Who sent it."""
    original_filename: str | None = Field(default=None, max_length=1024)
    """The file's name where it came from."""


class UpstreamFile(LoadOptions, _Announced):
    """What an upstream system has to say about a file, and what it may: every option of an upload."""

    topic: ClassVar[str] = FileUploaded.topic


class _Claims(Model):
    """What any JSON object says about its task, right or wrong."""

    task_id: Any = None
    attempt: Any = FIRST_ATTEMPT


def encode(event: AnyEvent, *, source: str, traceparent: str | None = None) -> OutgoingRecord:
    """Wrap an event; `source` is the service's name."""
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event.event_id),
        "ce_type": event.event_type,
        "ce_source": f"/ingest/{source}",
        "ce_time": event_time(event).isoformat(),
        "ce_subject": event.key,
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return OutgoingRecord(event.topic, event.key, headers, _body(event), event.event_id)


def record_bytes(event: AnyEvent) -> int:
    """How much of a topic's `max.message.bytes` the event's record takes, at most."""
    return len(_body(event)) + _BESIDE_THE_BODY_BYTES


def decode(*, topic: str, value: bytes | None, headers: RawHeaders, timestamp_ms: int) -> Received:
    """Read a record of `topic` (without prefix).

    Args:
        topic: the topic's name without the installation's prefix.
        value: the body; a tombstone (None) is no event.
        headers: as Kafka gave them; values of headers that are not ours may be anything.
        timestamp_ms: Kafka's time of the record, which the broker gives it; the acceptance time of an upstream record.

    Raises:
        UnreadableRecordError: saying what was wrong with it.
    """
    attributes = _attributes(headers)
    claims = _claims(value)
    subject = _subject(claims, attributes)
    if value is None:
        msg = "the record has no value"
        raise UnreadableRecordError(msg, subject=subject)
    try:
        if topic == FileUploaded.topic and claims.task_id is None and not _is_of_other_type(attributes):
            event: AnyEvent = _upstream(value, attributes, timestamp_ms)
        else:
            event = _event_class(topic, attributes).model_validate_json(value, strict=True)
    except ValidationError as error:
        raise UnreadableRecordError(_first_problem(error), subject=subject) from None
    except UnreadableRecordError as error:
        raise UnreadableRecordError(str(error), subject=subject) from None
    traceparent = attributes.get("traceparent", "")
    return Received(event, event.event_id, traceparent if _TRACEPARENT.fullmatch(traceparent) else None)


def record_time(timestamp_ms: int) -> datetime | None:
    """Kafka's time of a record; None when the number is no time. A record without a time counts as of 1970."""
    try:
        return datetime.fromtimestamp(max(timestamp_ms, 0) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _body(event: AnyEvent) -> bytes:
    return event.model_dump_json(exclude_none=True).encode()


def _attributes(headers: RawHeaders) -> dict[str, str]:
    """Our own attributes; a null or non-UTF-8 value counts as absent."""
    found: dict[str, str] = {}
    for name, raw in headers:
        if raw is not None and (name.startswith("ce_") or name == "traceparent"):
            try:
                found[name] = raw.decode()
            except UnicodeDecodeError:
                continue
    return found


def _event_class(topic: str, attributes: dict[str, str]) -> type[AnyEvent]:
    event_type = attributes.get("ce_type")
    if event_type is None:
        msg = "the header ce_type is missing or not text"
        raise UnreadableRecordError(msg)
    event_class = _CLASSES.get(event_type)
    if event_class is None or event_class.topic != topic:
        msg = f"no event of type {event_type[:100]!r} is known on this topic"
        raise UnreadableRecordError(msg)
    if attributes.get("ce_specversion", SPEC_VERSION) != SPEC_VERSION:
        msg = f"CloudEvents {attributes['ce_specversion'][:20]!r} was not expected, but {SPEC_VERSION}"
        raise UnreadableRecordError(msg)
    return event_class


def _upstream(value: bytes, attributes: dict[str, str], timestamp_ms: int) -> FileUploaded:
    said = UpstreamFile.model_validate_json(value, strict=True)
    accepted_at = record_time(timestamp_ms)
    if accepted_at is None:
        msg = f"the record's timestamp {timestamp_ms} is no time"
        raise UnreadableRecordError(msg)
    return FileUploaded(
        task_id=ids.upstream_task_id(
            tenant=DEFAULT_TENANT,
            datasource_name=said.datasource_name,
            file_uri=said.file_uri,
            request_id=attributes.get("ce_id") or said.request_id or "",
        ),
        datasource_name=said.datasource_name,
        file_uri=said.file_uri,
        accepted_at=accepted_at,
        original_filename=said.original_filename,
        user_id=said.user_id,
        options=LoadOptions.model_validate(said.model_dump(include=set(LoadOptions.model_fields))),
    )


def _is_of_other_type(attributes: dict[str, str]) -> bool:
    """Whether the record calls itself an event of ours that is no upload of this version."""
    event_type = attributes.get("ce_type", "")
    return event_type.startswith(_OUR_TYPES) and event_type != FileUploaded.event_type


def _claims(value: bytes | None) -> _Claims:
    try:
        return _Claims.model_validate_json(value or b"{}")
    except ValidationError:
        return _Claims()


def _subject(claims: _Claims, attributes: dict[str, str]) -> Subject | None:
    attempt = claims.attempt if type(claims.attempt) is int else FIRST_ATTEMPT
    if not FIRST_ATTEMPT <= attempt <= LAST_ATTEMPT:
        attempt = FIRST_ATTEMPT
    for candidate in (attributes.get("ce_subject"), claims.task_id):
        if isinstance(candidate, str) and ids.is_task_id(candidate):
            return Subject(candidate, attempt)
    return None


def _first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, without the value: a record may hold what does not belong into a log."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place or 'body'}: {first['msg']}"[:500]
