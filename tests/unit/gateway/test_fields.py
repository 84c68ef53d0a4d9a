from __future__ import annotations

import pytest

from services.gateway.fields import FIELD_BYTES, check_name, form_of, parse_field
from services.gateway.problems import ProblemError
from shared.events import LoadMode, LoadOptions, StopAfter


def test_options_are_what_the_user_said() -> None:
    said = {
        "datasource_name": "sales",
        "user_id": "ann",
        "mode": "replace",
        "timestamp_column": "Zeit punkt",
        "timestamp_format": "%d.%m.%Y",
        "time_zone": "Europe/Berlin",
        "delimiter": ";",
        "encoding": "Latin-1",
        "sheet": "Umsätze 2024",
        "format": "xlsx",
        "header": "false",
        "skip_rows": "3",
        "comment": "#",
        "quote": "'",
        "escape": "\\",
        "decimal_mark": ",",
        "thousands": " ",
        "contract_version": "12",
        "max_rejected_rows": "100",
        "max_rejected_ratio": "0.25",
        "force": "true",
        "stop_after": "plan",
        "confirm": "plan-1a2b",
    }
    assert set(said) == set(FIELD_BYTES)
    form = form_of({name: parse_field(name, value.encode()) for name, value in said.items()})
    assert (form.datasource_name, form.user_id, form.contract_version) == ("sales", "ann", 12)
    assert form.options == LoadOptions(
        mode=LoadMode.REPLACE,
        timestamp_column="Zeit punkt",
        timestamp_format="%d.%m.%Y",
        time_zone="Europe/Berlin",
        delimiter=";",
        encoding="Latin-1",
        sheet="Umsätze 2024",
        format="xlsx",
        header=False,
        skip_rows=3,
        comment="#",
        quote="'",
        escape="\\",
        decimal_mark=",",
        thousands=" ",
        max_rejected_rows=100,
        max_rejected_ratio=0.25,
        force=True,
        stop_after=StopAfter.PLAN,
        confirm="plan-1a2b",
    )


def test_that_nothing_quotes_is_said_by_a_word() -> None:
    assert form_of({"datasource_name": "x", "quote": parse_field("quote", b"none")}).options.quote == ""


def test_everything_but_the_datasource_may_be_left_out_or_empty() -> None:
    empty = {name: parse_field(name, b"") for name in FIELD_BYTES if name != "datasource_name"}
    assert form_of({"datasource_name": "x"} | empty).options == LoadOptions()
    plain = form_of({"datasource_name": "x"}).options
    assert plain == LoadOptions()
    assert "mode" not in plain.model_fields_set  # so the contract may say it


@pytest.mark.parametrize(
    ("written", "meant"), [(",", ","), ("\t", "\t"), (r"\t", "\t"), ("tab", "\t"), ("¦", "¦"), (" ", " ")]
)
def test_any_delimiter(written: str, meant: str) -> None:
    assert parse_field("delimiter", written.encode()) == meant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("datasource_name", b""),
        ("datasource_name", b"\xff"),
        ("datasource_name", b"a/b"),
        ("user_id", b"\xff"),
        ("user_id", b"a\0b"),
        ("max_rejected_rows", b"-1"),
        ("max_rejected_rows", b"1e3"),
        ("max_rejected_rows", b"9" * 19),
        ("max_rejected_ratio", b"5%"),
        ("max_rejected_ratio", b"1.01"),
        ("max_rejected_ratio", b"nan"),
        ("user_id", b"x" * 257),
        ("mode", b"upsert"),
        ("mode", b"APPEND"),
        ("timestamp_column", b"x" * 1025),
        ("timestamp_format", b"x" * 129),
        ("time_zone", b"Europe/Bonn"),
        ("time_zone", b"+02:00"),
        ("time_zone", b"Factory"),
        ("time_zone", b"../etc/passwd"),
        ("time_zone", b"x" * 65),
        ("delimiter", b";;"),
        ("delimiter", b'"'),
        ("delimiter", b"\n"),
        ("encoding", b"utf-9"),
        ("encoding", b"hex"),
        ("encoding", b"idna"),
        ("encoding", b"x" * 65),
        ("format", b"csv"),
        ("format", b"x" * 65),
        ("sheet", b"x" * 257),
        ("sheet", b"a\tb"),
        ("header", b"yes"),
        ("skip_rows", b"-1"),
        ("skip_rows", b"1001"),
        ("skip_rows", "\u0663".encode()),
        ("comment", b"123456789"),
        ("comment", b'"'),
        ("quote", b"a"),
        ("quote", b"''"),
        ("escape", b"ab"),
        ("escape", b'"'),
        ("decimal_mark", b";"),
        ("thousands", b"x"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(name: str, value: bytes) -> None:
    with pytest.raises(ProblemError) as raised:
        parse_field(name, value)
    assert raised.value.field == name
    assert raised.value.kind.slug == "invalid-field"


def test_a_bad_mode_names_the_good_ones() -> None:
    with pytest.raises(ProblemError, match="append or replace"):
        parse_field("mode", b"upsert")


def test_a_bad_format_or_encoding_names_good_ones() -> None:
    with pytest.raises(ProblemError, match="'csv' is unknown; it can be delimited, ndjson, json, parquet"):
        parse_field("format", b"csv")
    with pytest.raises(ProblemError, match=r"'utf-9' is unknown; send the name of a text encoding, e\.g\. cp1252"):
        parse_field("encoding", b"utf-9")


def test_a_bad_zone_is_told_where_names_come_from() -> None:
    with pytest.raises(ProblemError, match="'Europe/Bonn' is unknown; send a name of the IANA list"):
        parse_field("time_zone", b"Europe/Bonn")


def test_missing_datasource_is_said() -> None:
    with pytest.raises(ProblemError) as raised:
        form_of({"user_id": "ann"})
    assert (raised.value.kind.slug, raised.value.field) == ("missing-field", "datasource_name")


def test_a_typing_error_is_no_field() -> None:
    check_name("timestamp_column")
    with pytest.raises(ProblemError, match="timestamp_column"):
        check_name("timestamp_colum")
