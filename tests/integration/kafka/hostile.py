"""Records that nobody should send, and what has to become of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from shared.kafka.envelope import encode
from tests.integration.kafka.rig import Headers, an_update, header_list, new_task_id

LARGEST = 1_048_576
OVERHEAD = 1_024
TYPE = "ingest.task.updated.v1"
Fate = Literal["handled", "parked", "parked and told"]


@dataclass(frozen=True)
class Hostile:
    """A record, and its fate; `task_id` is the one that is told, or handled."""

    name: str
    fate: Fate
    value: bytes | None
    headers: Headers
    task_id: str | None
    key: bytes | None = b"key"
    topic: str = "task.updated"


def update(
    name: str,
    fate: Fate,
    *,
    body: dict[str, Any] | None = None,
    value: bytes | None = b"",
    without: str = "",
    headers: dict[str, bytes | None] | None = None,
    key: bytes | None = b"key",
    subject: bool = True,
) -> Hostile:
    """An update that was good before it was changed: fields, a whole value, or headers (None with `gone` removes)."""
    task_id = new_task_id()
    good = encode(an_update(task_id), source="test")
    content = {**json.loads(good.body), **(body or {})}
    content.pop(without, None)
    merged = {**dict(header_list(good)), **(headers or {})}
    kept = [(one, raw) for one, raw in merged.items() if raw != b"gone" and (subject or one != "ce_subject")]
    raw = json.dumps(content).encode() if value == b"" else value
    return Hostile(name, fate, raw, kept, task_id, key)


def upstream(name: str, fate: Fate, body: dict[str, Any], headers: Headers = ()) -> Hostile:
    return Hostile(name, fate, json.dumps(body).encode(), headers, None, None, "file.uploaded")


def with_task(template: str) -> Hostile:
    """An update whose body is written by hand; `%s` is the task id."""
    task_id = new_task_id()
    name, text = template.split(":", maxsplit=1)
    return Hostile(name, "handled", (text % task_id).encode(), [("ce_type", TYPE.encode())], task_id)


def padded(size: int) -> str:
    return "x" * size


def all_hostile() -> list[Hostile]:
    return [*_values(), *_fields(), *_headers(), *_upstreams(), *_large()]


def _values() -> list[Hostile]:
    nested = b'{"problems":' + b"[" * 100_000
    return [
        update("not JSON", "parked and told", value=b"\x00\x01 what is this?"),
        Hostile("empty value", "parked", b"", [("ce_type", TYPE.encode())], None),
        update("null value", "parked and told", value=None),
        update("neither key nor value", "parked and told", value=None, key=None),
        update("JSON null", "parked and told", value=b"null"),
        update("a list", "parked and told", value=b"[1, 2]"),
        update("a number", "parked and told", value=b"1"),
        update("JSON of another shape", "parked and told", value=b'{"hello": "world"}'),
        update("nested a hundred thousand deep", "parked and told", value=nested),
        update("a lone surrogate", "parked and told", value=b'{"reason": "\\ud800"}'),
        update("UTF-16", "parked and told", value='{"a": 1}'.encode("utf-16")),
        update("not a number", "parked and told", body={"rows_so_far": float("nan")}),
        with_task(
            'duplicate keys:{"task_id": "nobody", "task_id": "%s", "status": "FAILED", "status": "RUNNING", '
            '"occurred_at": "2026-03-01T00:00:00Z"}'
        ),
        update("NUL in a text", "handled", body={"reason": "a\x00b"}),
        update("unknown fields", "handled", body={"colour": {"deep": [1]}}),
    ]


def _fields() -> list[Hostile]:
    return [
        update("wrong type of a field", "parked and told", body={"sequence": "7"}),
        update("a float for an integer", "parked and told", body={"attempt": 1.5}),
        update("missing field", "parked and told", without="occurred_at"),
        update("unknown state", "parked and told", body={"status": "ASLEEP"}),
        update("attempt beyond 64 bits", "parked and told", body={"attempt": 2**70}),
        update("time that is none", "parked and told", body={"occurred_at": "2026-13-45T00:00:00Z"}),
        update("time without a zone", "parked and told", body={"occurred_at": "2026-03-01T00:00:00"}),
        update("time as a number", "parked and told", body={"occurred_at": 1772357400}),
        update("task id of other characters", "parked", body={"task_id": "l" * 22}, headers={"ce_subject": b"l" * 22}),
        update("task id beyond 128 bits", "parked", body={"task_id": "z" * 22}, subject=False),
        update("task id with a line break", "parked", body={"task_id": new_task_id() + "\n"}, subject=False),
        update("task id of another type", "parked", body={"task_id": 22}, subject=False),
    ]


def _headers() -> list[Hostile]:
    many: dict[str, bytes | None] = {f"x-{number}": b"v" for number in range(2_000)}
    return [
        update("no headers", "parked and told", headers=dict.fromkeys(_OURS, b"gone")),
        update("unknown type", "parked and told", headers={"ce_type": b"com.example.other"}),
        update("unknown version", "parked and told", headers={"ce_type": b"ingest.task.updated.v9"}),
        update("type of another topic", "parked and told", headers={"ce_type": b"ingest.file.validated.v1"}),
        update("another CloudEvents", "parked and told", headers={"ce_specversion": b"0.3"}),
        update("null in our header", "parked and told", headers={"ce_type": None}),
        update("null in a strange header", "handled", headers={"x-null": None}),
        update("our header not UTF-8", "parked and told", headers={"ce_type": b"\xff\xfe"}),
        update("a strange header not UTF-8", "handled", headers={"x-bytes": b"\xff\xfe"}),
        update("traceparent that is none", "handled", headers={"traceparent": b"\x00" * 1_000}),
        update("two thousand headers", "handled", headers=many),
        update("asks for an answer", "handled", headers={"reply_to": b"REPLIES", "correlation_id": b"1"}),
        update("bad, asks for an answer", "parked and told", value=b"?", headers={"reply_to": b"REPLIES"}),
        update("a body that says binary", "handled", headers={"content-type": b"application/octet-stream"}),
        update("no key", "handled", key=None),
        update("garbage key", "handled", key=b"\xff\x00" * 50),
    ]


_OURS = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "content-type")


def _upstreams() -> list[Hostile]:
    good = {"file_uri": "s3://lake/a.csv", "datasource_name": "sales"}
    return [
        upstream("upstream without a datasource", "parked", {"file_uri": "s3://lake/a.csv"}),
        upstream("upstream with a number for a name", "parked", {**good, "datasource_name": 5}),
        upstream("upstream with an unknown mode", "parked", {**good, "mode": "merge"}),
        upstream("upstream of our later version", "parked", good, [("ce_type", b"ingest.file.uploaded.v9")]),
        upstream("upstream with a task id of its own", "parked", {**good, "task_id": {"a": 1}}),
    ]


def _large() -> list[Hostile]:
    room = LARGEST - OVERHEAD
    return [
        update("good and as large as may be", "handled", body={"reason": padded(room - 512)}),
        update("bad and as large as may be", "parked and told", value=b"?" * (room - 512)),
        update("bad, with headers as large as may be", "parked", value=b"?", subject=False, headers={"x": b"h" * room}),
        update("bad, with a key as large as may be", "parked", value=b"?", subject=False, key=b"k" * room),
    ]
