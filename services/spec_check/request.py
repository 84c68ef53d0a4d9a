"""What the sampler is asked, and where the parts of a kept spec are. Pure.

The sampler is not documented; its words are those of Druid 33's web console, which calls it with a task of type `index`
(https://github.com/apache/druid/blob/33.0.0/indexing-service/src/main/java/org/apache/druid/indexing/overlord/sampler).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from services.spec_check.errors import CannotCheckError

MOST_ROWS = 5_000
"""The most rows that the sampler gives back."""


@dataclass(frozen=True)
class Part:
    """A canonical object; without `bucket` it is in that of the installation."""

    bucket: str | None
    key: str


@dataclass(frozen=True)
class Parts:
    """The objects that a spec reads; `readable` where Druid can read them by that spec, without a signature."""

    objects: tuple[Part, ...]
    readable: bool


def parts_of(spec: Mapping[str, Any], *, bucket: str) -> Parts:
    """Where a kept spec reads its rows.

    Args:
        spec: a task, as it was posted.
        bucket: the installation's, which stands in addresses that were signed.

    Raises:
        CannotCheckError: it reads from somewhere else.
    """
    source = spec["spec"]["ioConfig"]["inputSource"]
    if source["type"] == "s3":
        return Parts(tuple(Part(str(one["bucket"]), str(one["path"])) for one in source["objects"]), readable=True)
    if source["type"] == "http":
        paths = [unquote(urlsplit(str(one)).path).removeprefix("/") for one in source["uris"]]
        return Parts(tuple(Part(None, path.removeprefix(f"{bucket}/")) for path in paths), readable=False)
    msg = f"the kept spec reads from a source of type {source['type']!r}, and s3 or http was expected"
    raise CannotCheckError(msg)


def inline(lines: Sequence[bytes]) -> dict[str, Any]:
    """An input source that has the rows in itself."""
    return {"type": "inline", "data": b"\n".join(lines).decode()}


def objects(parts: Parts) -> dict[str, Any]:
    """The input source of a load whose parts Druid can read: made anew, so that nothing else of a kept one counts."""
    return {"type": "s3", "objects": [{"bucket": one.bucket, "path": one.key} for one in parts.objects]}


def body(spec: Mapping[str, Any], source: Mapping[str, Any], *, rows: int, within: timedelta) -> dict[str, Any]:
    """The request: schema, format and transforms of the spec, over another source.

    Rollup and query granularity are off: each row has to come back as it is. How segments are cut and published has no
    part in reading rows and is left out.

    Args:
        spec: the task.
        source: the input source to read.
        rows: how many rows to read, at most `MOST_ROWS`.
        within: after this time the sampler ends, with what it has by then.
    """
    schema = spec["spec"]["dataSchema"]
    as_is = {**schema["granularitySpec"], "rollup": False, "queryGranularity": "NONE"}
    return {
        "type": "index",
        "spec": {
            "dataSchema": {**schema, "granularitySpec": as_is},
            "ioConfig": {
                "type": "index",
                "inputSource": dict(source),
                "inputFormat": spec["spec"]["ioConfig"]["inputFormat"],
            },
            "tuningConfig": {"type": "index"},
        },
        "samplerConfig": {"numRows": rows, "timeoutMs": int(within.total_seconds() * 1000)},
    }
