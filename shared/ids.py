"""Names that can be computed again, so that every effect can be repeated without a second effect.

A name is a UUIDv5 over the parts' UTF-8 joined by U+001F, under one namespace of this project. Only a fresh upload
without an Idempotency-Key starts from a random name, a UUIDv7.
"""

from __future__ import annotations

import re
import uuid

import shortuuid
import uuid6

NAMESPACE = uuid.UUID("5b0f1b9e-6a0c-5d0e-9f35-0d6c2f7a4e11")
SEPARATOR = "\x1f"
TASK_ID_PATTERN = re.compile(r"^[23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz]{22}$")


def derived_uuid(*parts: str) -> uuid.UUID:
    """UUIDv5 of the parts: the same parts always give the same UUID."""
    return uuid.uuid5(NAMESPACE, SEPARATOR.join(parts))


def task_id_of(value: uuid.UUID) -> str:
    """The 22 characters by which users know a task."""
    return shortuuid.encode(value)


def task_uuid_of(task_id: str) -> uuid.UUID:
    """The UUID behind a task id.

    Raises:
        ValueError: if `task_id` is not 22 characters of the shortuuid alphabet that encode a UUID.
    """
    if not TASK_ID_PATTERN.fullmatch(task_id):
        msg = "a task id is 22 characters of the shortuuid alphabet"
        raise ValueError(msg)
    try:
        return shortuuid.decode(task_id)
    except ValueError:
        msg = "a task id encodes 128 bits, and this one more"
        raise ValueError(msg) from None


def is_task_id(text: str) -> bool:
    """Whether the text can be a task id."""
    try:
        task_uuid_of(text)
    except ValueError:
        return False
    return True


def fresh_task_id() -> str:
    """A task id that was never given before: a UUIDv7, so ids made later sort later as UUIDs."""
    return task_id_of(uuid6.uuid7())


def idempotent_task_id(*, tenant: str, idempotency_key: str) -> str:
    """The task id that a tenant's Idempotency-Key always stands for."""
    return task_id_of(derived_uuid("task", tenant, idempotency_key))


def upstream_task_id(*, tenant: str, datasource_name: str, file_uri: str, request_id: str = "") -> str:
    """The task id of a record that an upstream system published; a producer's retry is the same task."""
    return task_id_of(derived_uuid("upstream", tenant, datasource_name, file_uri, request_id))


def undo_task_id(*, tenant: str, undoes: str, failed_before: int = 0) -> str:
    """The id of the task that takes a load back; asking again is the same task, until that one has failed."""
    return task_id_of(derived_uuid("undo", tenant, undoes, str(failed_before)))


def event_id(*, task_id: str, event_type: str, attempt: int, stage: str, sequence: int = 0) -> uuid.UUID:
    """The id of an event: the same step of the same attempt publishes the same id, however often it is repeated."""
    return derived_uuid("event", task_id, event_type, str(attempt), stage, str(sequence))


def druid_task_id(*, task_id: str, attempt: int) -> str:
    """The id under which an attempt is known to Druid; unique per attempt because Druid never reuses an id."""
    return f"ingest_{task_id}_{attempt}"
