"""What is done wrong, and the code under which the catalogue has to know what Druid then says."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import Any

from tests.integration.druid.failures.specs import (
    ABSENT,
    ALONE,
    DIMENSIONS,
    FORMAT,
    GRANULARITY,
    GUARANTEED,
    INTERVALS,
    METRICS,
    PARTITIONS,
    REPLACE,
    ROWS,
    SCHEMA,
    SOURCE,
    TIME,
    TUNING,
    TWO_SUB_TASKS,
    Edits,
    inline,
    s3,
    s3_as,
)

_MANY = gzip.compress(ROWS.encode() * 2000)
RANGE = {"type": "range", "partitionDimensions": ["a"], "targetRowsPerSegment": 1000}

OBJECTS = {
    "sound.json": ROWS.encode(),
    "empty.json": b"",
    "no_time.json": b'{"__time":"no time","a":"x"}\n',
    "several_values.json": b'{"__time":"2013-01-01","a":["x","y"]}\n',
    "plain.json.gz": ROWS.encode(),
    "plain.json.zst": ROWS.encode(),
    "cut.json.gz": _MANY[: len(_MANY) // 2],
    "damaged.json.gz": _MANY[:40] + b"\xff\x00" * 20 + _MANY[80:],
}
"""What the test's bucket holds."""


@dataclass(frozen=True)
class Spoiled:
    """A load with edits. `shows` is a piece of the explanation: a value that Druid named."""

    name: str
    code: str
    edits: Edits = field(default_factory=dict)
    shows: str = ""


@dataclass(frozen=True)
class Asked:
    """A request that is no load."""

    name: str
    code: str
    method: str
    path: str
    json: Any = None
    params: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    shows: str = ""


def _transforms(*expressions: str) -> dict[str, Any]:
    return {"transforms": [{"type": "expression", "name": "z", "expression": one} for one in expressions]}


REFUSED = (
    Spoiled("task type", "druid_type_unknown", {"type": "index_kafka"}, "index_kafka"),
    Spoiled("no task type", "druid_type_missing", {"type": ABSENT}, "Task"),
    Spoiled("input source", "druid_input_source_unknown", {SOURCE: {"type": "google", "uris": ["gs://a/b"]}}, "google"),
    Spoiled("input format", "druid_input_format_unknown", {FORMAT: {"type": "parquet"}}, "parquet"),
    Spoiled("sketch", "druid_metric_unknown", {METRICS: [{"type": "thetaSketch", "name": "m"}]}, "thetaSketch"),
    Spoiled("filter", "druid_type_unknown", {f"{SCHEMA}.transformSpec": {"filter": {"type": "nope"}}}, "nope"),
    Spoiled("number as text", "druid_field_type", {f"{TUNING}.maxRowsInMemory": "many"}, "int"),
    Spoiled("flag as text", "druid_field_type", {"spec.ioConfig.appendToExisting": "perhaps"}, "Boolean"),
    Spoiled("no spec", "druid_field_missing", {"spec": ABSENT}, "ingestionSchema"),
    Spoiled("no schema", "druid_field_missing", {SCHEMA: ABSENT}, "dataSchema"),
    Spoiled("no input", "druid_field_missing", {SOURCE: ABSENT}, "inputSource"),
    Spoiled("no format", "druid_field_missing", {FORMAT: ABSENT}, "inputFormat"),
    Spoiled("no time", "druid_field_missing", {TIME: ABSENT}, "timestampSpec"),
    Spoiled("slash in the name", "druid_datasource_name", {f"{SCHEMA}.dataSource": "a/b"}, "cannot contain '/'"),
    Spoiled("dot before the name", "druid_datasource_name", {f"{SCHEMA}.dataSource": ".a"}, "cannot start with '.'"),
    Spoiled("no name", "druid_datasource_name", {f"{SCHEMA}.dataSource": ""}, "must not be null"),
    Spoiled("id", "druid_task_id", {"id": "a/b"}, "cannot contain '/'"),
    Spoiled("dimension twice", "druid_column_twice", {DIMENSIONS: ["a", "a"]}, ": a."),
    Spoiled(
        "metric is dimension",
        "druid_column_twice",
        {METRICS: [{"type": "longSum", "name": "n", "fieldName": "n"}]},
        "[n] seen in dimensions list, metricsSpec list",
    ),
    Spoiled("time as dimension", "druid_time_as_dimension", {DIMENSIONS: ["__time"]}, "STRING"),
    Spoiled("metric of nothing", "druid_metric_incomplete", {METRICS: [{"type": "longSum", "name": "m"}]}, "fieldName"),
    Spoiled("transform twice", "druid_transform_twice", {f"{SCHEMA}.transformSpec": _transforms("1", "2")}, "column z"),
    Spoiled("time format", "druid_time_format", {f"{TIME}.format": "qqqq"}, "qqqq"),
    Spoiled(
        "append hashed", "druid_append_partitioned", {PARTITIONS: {"type": "hashed", "numShards": 2}, **GUARANTEED}
    ),
    Spoiled("append range", "druid_append_partitioned", {PARTITIONS: RANGE, **GUARANTEED}),
    Spoiled("range, best effort", "druid_partitions_and_rollup", {PARTITIONS: RANGE, **REPLACE}, "must be used"),
    Spoiled("dynamic, perfect", "druid_partitions_and_rollup", {**GUARANTEED, **REPLACE}, "cannot be used"),
    Spoiled(
        "range of nothing",
        "druid_partitions_incomplete",
        {PARTITIONS: {**RANGE, "partitionDimensions": []}, **GUARANTEED, **REPLACE},
        "partitionDimensions",
    ),
    Spoiled(
        "two sizes",
        "druid_partitions_incomplete",
        {PARTITIONS: {"type": "hashed", "numShards": 2, "targetRowsPerSegment": 9}, **GUARANTEED, **REPLACE},
        "numShards",
    ),
    Spoiled(
        "replace of no time",
        "druid_replace_without_intervals",
        {"spec.ioConfig.dropExisting": True, **REPLACE, INTERVALS: ABSENT},
    ),
    Spoiled("replace and append", "druid_replace_and_append", {"spec.ioConfig.dropExisting": True}),
    Spoiled("end before start", "druid_interval_wrong", {INTERVALS: ["2013-01-03/2013-01-01"]}, "2013-01-03/"),
    Spoiled("no interval", "druid_interval_wrong", {INTERVALS: ["yesterday"]}, "yesterday"),
    Spoiled("beyond time", "druid_interval_wrong", {INTERVALS: ["2013/+999999999-01-01"]}, "must be in the range"),
    Spoiled(
        "granularity", "druid_granularity_unknown", {f"{GRANULARITY}.segmentGranularity": "FORTNIGHT"}, "FORTNIGHT"
    ),
    Spoiled(
        "compression", "druid_compression_unknown", {f"{TUNING}.indexSpec": {"dimensionCompression": "nope"}}, "NOPE"
    ),
    Spoiled("no sub-task", "druid_sub_tasks_wrong", {f"{TUNING}.maxNumConcurrentSubTasks": 0}),
    Spoiled("no object", "druid_input_ambiguous", {SOURCE: {"type": "s3"}}),
    Spoiled("file as url", "druid_url_scheme", {SOURCE: {"type": "http", "uris": ["file:///x"]}}, "http, https"),
    Spoiled("url as s3", "druid_url_scheme", {SOURCE: {"type": "s3", "uris": ["http://a/b"]}}, "s3"),
)
"""Druid answers the POST with 400."""

FAILED = (
    Spoiled("no object", "druid_object_missing", {SOURCE: s3("no/such.json")}, "no/such.json"),
    Spoiled("no object of two", "druid_object_missing", {SOURCE: s3("sound.json", "no.json"), **TWO_SUB_TASKS}),
    Spoiled("no bucket", "druid_bucket_missing", {SOURCE: s3("a.json", bucket="no-such-bucket")}, "no-such-bucket"),
    Spoiled(
        "no bucket to list",
        "druid_bucket_missing",
        {SOURCE: {"type": "s3", "prefixes": ["s3://no-such-bucket/a/"]}},
        "no-such-bucket",
    ),
    Spoiled("access key", "druid_credentials_refused", {SOURCE: s3_as("nobody")}, "InvalidAccessKeyId"),
    Spoiled("empty object", "druid_object_empty", {SOURCE: s3("empty.json")}, "empty.json"),
    Spoiled("no gzip", "druid_not_compressed", {SOURCE: s3("plain.json.gz")}, "plain.json.gz"),
    Spoiled("no zstd", "druid_not_compressed", {SOURCE: s3("plain.json.zst")}, "Unknown frame descriptor"),
    Spoiled("cut gzip", "druid_compressed_data_broken", {SOURCE: s3("cut.json.gz")}, "Unexpected end"),
    Spoiled("damaged gzip", "druid_compressed_data_broken", {SOURCE: s3("damaged.json.gz")}, "damaged"),
    Spoiled(
        "cut gzip in a sub-task",
        "druid_compressed_data_broken",
        {SOURCE: s3("sound.json", "cut.json.gz"), **TWO_SUB_TASKS},
        "Unexpected end",
    ),
    Spoiled("no time", "druid_time_unreadable", {SOURCE: s3("no_time.json")}, "no_time.json, Record: 1, Line: 1"),
    Spoiled(
        "no time in a sub-task",
        "druid_time_unreadable",
        {SOURCE: s3("sound.json", "no_time.json"), **TWO_SUB_TASKS},
        "no time",
    ),
    Spoiled(
        "rows not kept", "druid_rows_refused", {SOURCE: s3("no_time.json"), f"{TUNING}.maxSavedParseExceptions": 0}
    ),
    Spoiled(
        "year 200,000,000",
        "druid_time_out_of_range",
        {SOURCE: inline('{"__time":"+200000000-01-01","a":"x"}\n')},
        "200000000",
    ),
    Spoiled(
        "text as number", "druid_value_unreadable", {SOURCE: inline('{"__time":"2013-01-01","n":"abc"}\n')}, "column n"
    ),
    Spoiled("no JSON", "druid_row_unreadable", {SOURCE: inline("this is no json\n")}, "this is no json"),
    Spoiled("function", "druid_expression_wrong", {f"{SCHEMA}.transformSpec": _transforms("nofunc(a)")}, "nofunc"),
    Spoiled(
        "arguments",
        "druid_expression_wrong",
        {f"{SCHEMA}.transformSpec": _transforms("timestamp_format(a,'y','UTC','x')")},
        "timestamp_format",
    ),
    Spoiled("no dimensions", "druid_field_missing", {f"{SCHEMA}.dimensionsSpec": ABSENT}, "inputRowParser"),
    Spoiled(
        "rounded to the year", "druid_chunks_do_not_fit", {f"{GRANULARITY}.queryGranularity": "YEAR"}, "2013-01-01"
    ),
    Spoiled(
        "one sub-task for ranges",
        "druid_partitions_need_sub_tasks",
        {PARTITIONS: RANGE, **GUARANTEED, **REPLACE},
        "DimensionRange",
    ),
    Spoiled(
        "several values",
        "druid_partition_multi_value",
        {
            SOURCE: s3("several_values.json", "sound.json"),
            PARTITIONS: RANGE,
            **GUARANTEED,
            **REPLACE,
            **TWO_SUB_TASKS,
        },
        "column a",
    ),
    Spoiled("priority as text", "druid_task_never_ready", {"context.priority": "high"}, "ClassCastException"),
)
"""Druid takes the load, and fails it within seconds."""

SLOW = (
    Spoiled("secret key", "druid_credentials_refused", {SOURCE: s3_as("{access_key}")}, "SignatureDoesNotMatch"),
    Spoiled("endpoint", "druid_storage_unreachable", {SOURCE: s3_as("x", endpoint="http://127.0.0.1:9")}, "refused"),
    Spoiled(
        "nobody listens", "druid_storage_unreachable", {SOURCE: {"type": "http", "uris": ["http://127.0.0.1:9/x"]}}
    ),
    Spoiled(
        "no such page", "druid_url_refused", {SOURCE: {"type": "http", "uris": ["{druid}/no/such/page"]}}, "/no/such"
    ),
)
"""Druid takes the load, and tries for four minutes before it fails it."""

HOLDS_ITS_LOCK: Edits = {SOURCE: {"type": "http", "uris": ["http://127.0.0.1:9/x"]}, **REPLACE, **ALONE}
"""A load that runs for four minutes unless it is stopped, alone in its time."""

_SQL = "/druid/v2/sql"
_TASK = "/druid/indexer/v1/task"
_SEGMENTS = "/druid/coordinator/v1/datasources/nobody"


def _sql(name: str, code: str, query: str, shows: str = "", **context: Any) -> Asked:
    return Asked(name, code, "POST", _SQL, {"query": query, "context": context}, shows=shows)


QUERIES = (
    _sql("table", "druid_table_unknown", 'SELECT COUNT(*) FROM "nobody has"', "nobody has"),
    _sql("column", "druid_column_unknown", "SELECT nope FROM sys.segments", "nope"),
    _sql("keyword", "druid_sql_syntax", "SELECT FROM", "FROM"),
    _sql("word", "druid_sql_syntax", "SELEC 1"),
    _sql("nothing", "druid_sql_syntax", "", "EOF"),
    _sql("function", "druid_function_unknown", "SELECT NOFUNC(1)", "NOFUNC"),
    _sql("types", "druid_types_do_not_fit", "SELECT 1.5 + DATE '2020-01-01'", "DATE"),
    _sql("group", "druid_not_grouped", "SELECT segment_id, COUNT(*) FROM sys.segments", "segment_id"),
    _sql("insert", "druid_statement_unsupported", 'INSERT INTO "nobody" SELECT 1', "INSERT"),
    _sql("interval", "druid_interval_wrong", "SELECT TIME_IN_INTERVAL(CURRENT_TIMESTAMP, 'x')", "interval x"),
    Asked("cut JSON", "druid_json_unreadable", "POST", _SQL, body=b"{", shows="end-of-input"),
)

MANAGEMENT = (
    Asked("report of nothing", "druid_task_unknown", "GET", f"{_TASK}/nobody/reports", shows="nobody"),
    Asked("no ids", "druid_request_incomplete", "POST", "/druid/indexer/v1/taskStatus", [], shows="Task ID"),
    Asked("no refresh", "druid_request_incomplete", "GET", f"{_SEGMENTS}/loadstatus", shows="forceMetadataRefresh"),
    Asked("no segments", "druid_request_incomplete", "POST", f"{_SEGMENTS}/markUnused", {}, shows="segmentIds"),
    Asked("segment id", "druid_segment_id", "POST", f"{_SEGMENTS}/segments/nope", shows="nope"),
    Asked("interval", "druid_interval_wrong", "POST", f"{_SEGMENTS}/markUnused", {"interval": "x"}, shows="interval x"),
    Asked("rule", "druid_type_unknown", "POST", "/druid/coordinator/v1/rules/nobody", [{"type": "nope"}], shows="Rule"),
)

SAMPLED = (
    Spoiled("no object", "druid_object_missing", {SOURCE: s3("no/such.json")}),
    Spoiled("no bucket", "druid_bucket_missing", {SOURCE: s3("a.json", bucket="no-such-bucket")}),
    Spoiled("no gzip", "druid_not_compressed", {SOURCE: s3("plain.json.gz")}, "Not in GZIP"),
    Spoiled("format", "druid_input_format_unknown", {FORMAT: {"type": "parquet"}}, "parquet"),
    Spoiled("function", "druid_expression_wrong", {f"{SCHEMA}.transformSpec": _transforms("nofunc(a)")}, "nofunc"),
)
