"""Where Druid reads the parts of a load, and what it does with the rows that are there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from services.submitter.load import Load
from shared.events import LoadMode


def io_config(load: Load) -> dict[str, Any]:
    """`ioConfig`. Only a replace of the whole datasource drops chunks in which it has no rows (decision 4)."""
    replaces = load.mode is LoadMode.REPLACE
    return {
        "type": "index_parallel",
        "inputSource": _input_source(load),
        "inputFormat": {
            "type": "json",
            "assumeNewlineDelimited": True,
            "keepNullColumns": True,
            "flattenSpec": {"useFieldDiscovery": False, "fields": []},
        },
        "appendToExisting": not replaces,
        "dropExisting": replaces and load.loading.replace == "whole",
    }


def without_signatures(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The same task without what lets its bearer read the parts: the queries of the URLs."""
    inner = spec["spec"]
    source = inner["ioConfig"]["inputSource"]
    if source["type"] != "http":
        return dict(spec)
    bare = {**source, "uris": [urlsplit(one)._replace(query="").geturl() for one in source["uris"]]}
    return {**spec, "spec": {**inner, "ioConfig": {**inner["ioConfig"], "inputSource": bare}}}


def _input_source(load: Load) -> dict[str, Any]:
    if load.urls:
        return {"type": "http", "uris": list(load.urls)}
    return {"type": "s3", "objects": [{"bucket": load.bucket, "path": key} for key in load.keys]}
