"""A small load that Druid takes, and the ways to spoil it."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping
from typing import Any

ABSENT = object()
"""As the value of an edit: take the field out."""

ROWS = '{"__time":"2013-01-01T00:00:00Z","a":"x","n":1}\n{"__time":"2013-01-02T00:00:00Z","a":"y","n":2}\n'
BUCKET, ENDPOINT, REGION = "{bucket}", "{endpoint}", "{region}"

SCHEMA, TIME = "spec.dataSchema", "spec.dataSchema.timestampSpec"
SOURCE, FORMAT = "spec.ioConfig.inputSource", "spec.ioConfig.inputFormat"
DIMENSIONS, METRICS = "spec.dataSchema.dimensionsSpec.dimensions", "spec.dataSchema.metricsSpec"
GRANULARITY, INTERVALS = "spec.dataSchema.granularitySpec", "spec.dataSchema.granularitySpec.intervals"
TUNING, PARTITIONS = "spec.tuningConfig", "spec.tuningConfig.partitionsSpec"

Edits = Mapping[str, Any]

REPLACE: Edits = {"spec.ioConfig.appendToExisting": False}
TWO_SUB_TASKS: Edits = {f"{TUNING}.maxNumConcurrentSubTasks": 2}
GUARANTEED: Edits = {f"{TUNING}.forceGuaranteedRollup": True}
ALONE: Edits = {"context.useConcurrentLocks": False}


def s3(*keys: str, bucket: str = BUCKET, **more: Any) -> dict[str, Any]:
    """The input source that reads these objects of the test's bucket."""
    return {"type": "s3", "objects": [{"bucket": bucket, "path": key} for key in keys], **more}


def s3_as(access_key: str, *, endpoint: str = ENDPOINT) -> dict[str, Any]:
    """The input source that reads a sound object with a key that is not Druid's own."""
    secret = {name: {"type": "default", "password": access_key} for name in ("accessKeyId", "secretAccessKey")}
    return s3(
        "sound.json",
        endpointConfig={"url": endpoint, "signingRegion": REGION},
        clientConfig={"enablePathStyleAccess": True, "protocol": "http"},
        properties=secret,
    )


def inline(text: str) -> dict[str, Any]:
    """The input source that holds its rows itself."""
    return {"type": "inline", "data": text}


def spec(datasource: str, edits: Edits, places: Mapping[str, str]) -> dict[str, Any]:
    """The sound load with the edits; `places` are the values of `BUCKET`, `ENDPOINT` and `REGION`."""
    made = copy.deepcopy(_sound(datasource))
    for path, value in edits.items():
        *above, last = path.split(".")
        part: Any = made
        for name in above:
            part = part[name]
        if value is ABSENT:
            del part[last]
        else:
            part[last] = value
    text = json.dumps(made)
    for name, value in places.items():
        text = text.replace(name, value)
    filled: dict[str, Any] = json.loads(text)
    return filled


def _sound(datasource: str) -> dict[str, Any]:
    return {
        "type": "index_parallel",
        "id": f"failing_{uuid.uuid4().hex}",
        "spec": {
            "dataSchema": {
                "dataSource": datasource,
                "timestampSpec": {"column": "__time", "format": "iso"},
                "dimensionsSpec": {"dimensions": [{"type": "string", "name": "a"}, {"type": "long", "name": "n"}]},
                "metricsSpec": [],
                "granularitySpec": {
                    "type": "uniform",
                    "segmentGranularity": "DAY",
                    "queryGranularity": "NONE",
                    "rollup": False,
                    "intervals": ["2013-01-01/2013-01-03"],
                },
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": inline(ROWS),
                "inputFormat": {"type": "json"},
                "appendToExisting": True,
                "dropExisting": False,
            },
            "tuningConfig": {
                "type": "index_parallel",
                "partitionsSpec": {"type": "dynamic"},
                "maxNumConcurrentSubTasks": 1,
                "maxRetry": 0,
                "maxParseExceptions": 0,
                "maxSavedParseExceptions": 10,
            },
        },
        "context": {"useConcurrentLocks": True, "forceTimeChunkLock": True},
    }
