"""The golden records: what every version of every event has looked like on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema

from shared.kafka.envelope import Received, decode

HERE = Path(__file__).parent
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@dataclass(frozen=True)
class Golden:
    """A record as Kafka would give it, and what must be read from it."""

    kind: str
    name: str
    topic: str
    timestamp_ms: int
    key: str | None
    headers: dict[str, str | None]
    body: dict[str, Any]
    reads: dict[str, str]

    def read(self) -> Received:
        headers = [(name, None if value is None else value.encode()) for name, value in self.headers.items()]
        value = json.dumps(self.body).encode()
        return decode(topic=self.topic, value=value, headers=headers, timestamp_ms=self.timestamp_ms)


def all_golden() -> list[Golden]:
    return [_load(file) for file in sorted((HERE / "examples").glob("*/*.json"))]


def schema(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "schemas" / f"{kind}.json").read_text())
    return loaded


def _load(file: Path) -> Golden:
    content = json.loads(file.read_text())
    del content["about"]
    return Golden(kind=file.parent.name, name=file.stem, **content)
