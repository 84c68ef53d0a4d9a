"""What the sampler is asked, and how its answer is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.spec_check import request
from services.spec_check.comparing import SampledRow, Theirs
from services.spec_check.errors import CannotCheckError
from services.spec_check.sampler import read
from services.submitter.spec import freeze, without_signatures
from tests.unit.submitter import druid_loads

ROLLED = freeze(druid_loads.ROLLUP).spec


def asked(spec: Any = ROLLED) -> Any:
    source = request.inline([b'{"a":1}', '{"a":"Δ"}'.encode()])
    return request.body(spec, source, rows=2, within=timedelta(seconds=21))


def test_schema_and_format_are_those_of_the_spec_and_rows_stay_apart() -> None:
    body, schema = asked(), ROLLED["spec"]["dataSchema"]
    assert {**body["spec"]["dataSchema"], "granularitySpec": schema["granularitySpec"]} == schema
    assert body["spec"]["dataSchema"]["granularitySpec"] == {
        **schema["granularitySpec"],
        "rollup": False,
        "queryGranularity": "NONE",
    }
    assert body["spec"]["ioConfig"]["inputFormat"] == ROLLED["spec"]["ioConfig"]["inputFormat"]
    assert body["spec"]["ioConfig"]["inputSource"] == {"type": "inline", "data": '{"a":1}\n{"a":"Δ"}'}
    assert body["samplerConfig"] == {"numRows": 2, "timeoutMs": 21_000}


def test_the_parts_of_a_kept_spec_are_known_again() -> None:
    spec = freeze(druid_loads.MANY_PARTS).spec
    parts = request.parts_of(spec, bucket="ingest")
    assert [one.key for one in parts.objects] == list(druid_loads.MANY_PARTS.keys)
    assert request.objects(parts) == spec["spec"]["ioConfig"]["inputSource"]
    over_http = without_signatures(freeze(druid_loads.HTTP).spec)
    unsigned = request.parts_of(over_http, bucket="ingest")
    assert ([one.key for one in unsigned.objects], unsigned.readable) == (list(druid_loads.HTTP.keys), False)


def test_a_source_that_is_none_of_ours_reaches_no_druid() -> None:
    """A spec comes from a gateway, and Druid's own user may read more than its users."""
    io = {**ROLLED["spec"]["ioConfig"], "inputSource": {"type": "local", "baseDir": "/etc", "filter": "*"}}
    with pytest.raises(CannotCheckError, match="'local', and s3 or http was expected"):
        request.parts_of({"spec": {**ROLLED["spec"], "ioConfig": io}}, bucket="ingest")
    more = {**ROLLED["spec"]["ioConfig"]["inputSource"], "endpointConfig": {"url": "http://elsewhere.invalid"}}
    spec = {"spec": {**ROLLED["spec"], "ioConfig": {**io, "inputSource": more}}}
    assert "endpointConfig" not in request.objects(request.parts_of(spec, bucket="ingest"))


ANSWER = {
    "numRowsRead": 2,
    "logicalSegmentSchema": [
        {"name": "__time", "type": "LONG"},
        {"name": "basket", "type": "COMPLEX<json>"},
        {"name": "x", "type": "FLOAT"},
        {"name": "tags", "type": "ARRAY<STRING>"},
    ],
    "data": [
        {"input": {"x": 1}, "parsed": {"__time": 1, "x": 1.0}},
        {"input": {"x": 2}, "unparseable": True, "error": "why"},
    ],
}


def test_an_answer_is_read_with_its_types() -> None:
    types = {"__time": "long", "basket": "json", "x": "float", "tags": "array<string>"}
    rows = [SampledRow({"x": 1}, {"__time": 1, "x": 1.0}), SampledRow({"x": 2}, None, "why")]
    assert read(ANSWER, url="http://druid") == Theirs(types, rows)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({**ANSWER, "data": []}, "nothing could be compared: the sampler of Druid at http://druid gave no row back"),
        ({"message": "hello"}, "what answers at http://druid is no sampler of Druid's: .*logicalSegmentSchema"),
        ([], "is no sampler of Druid's"),
        ("pong", "is no sampler of Druid's"),
        ({**ANSWER, "data": None}, "is no sampler of Druid's"),
    ],
)
def test_an_answer_that_is_none_is_a_clear_error(answer: Any, words: str) -> None:
    with pytest.raises(CannotCheckError, match=words):
        read(answer, url="http://druid")


def test_a_golden_spec_of_every_kind_can_be_asked_about() -> None:
    for load in druid_loads.GOLDEN.values():
        assert asked(freeze(replace(load, urls=())).spec)["type"] == "index"
