"""What the engine is told: by the sender, by the contract, by nobody."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import ParseOptions
from services.validator.options import parse_options
from shared.contract import Contract
from shared.events import LoadMode, LoadOptions

TIME = {"name": "at", "type": "timestamp", "role": "time"}


def contract(*columns: dict[str, Any], **dialect: Any) -> Contract:
    return Contract.model_validate(
        {"format_version": 1, "datasource": "sales", "columns": columns or ({"name": "n", "type": "long"},)}
        | {"dialect": dialect}
    )


def test_without_a_contract_only_the_sender_counts() -> None:
    said = LoadOptions(mode=LoadMode.REPLACE, timestamp_column="t", delimiter=";", encoding="cp1252", sheet="2")
    assert parse_options(said, None) == ParseOptions(timestamp_column="t", delimiter=";", encoding="cp1252", sheet="2")
    assert parse_options(LoadOptions(), None) == ParseOptions()


def test_the_declared_dialect_counts_where_the_sender_says_nothing() -> None:
    declared = contract(delimiter="tab", encoding="latin-1", sheet="Sales", format="delimited")
    assert parse_options(LoadOptions(), declared) == ParseOptions(
        delimiter="\t", encoding="latin-1", sheet="Sales", format="delimited"
    )
    assert parse_options(LoadOptions(delimiter=";"), declared) == ParseOptions(
        delimiter=";", encoding="latin-1", sheet="Sales", format="delimited"
    )


def test_a_contract_that_declares_nothing_changes_nothing() -> None:
    said = LoadOptions(timestamp_column="t", timestamp_format="iso", delimiter="|")
    assert parse_options(said, contract()) == parse_options(said, None)


@pytest.mark.parametrize(
    ("written", "told", "expected"),
    [
        (TIME, LoadOptions(), ("at", None, None)),
        (TIME | {"format": "%d.%m.%Y"}, LoadOptions(), ("at", "%d.%m.%Y", None)),
        (TIME | {"zone": "Europe/Berlin"}, LoadOptions(time_zone="Asia/Tokyo"), ("at", None, "Europe/Berlin")),
        (TIME, LoadOptions(timestamp_column="other"), ("at", None, None)),
        (TIME, LoadOptions(timestamp_format="iso", time_zone="Asia/Tokyo"), ("at", "iso", "Asia/Tokyo")),
        (TIME | {"format": "%Y"}, LoadOptions(timestamp_column="t", timestamp_format="iso"), ("at", "%Y", None)),
    ],
)
def test_the_contracts_time_column_is_the_time(
    written: dict[str, Any], told: LoadOptions, expected: tuple[str | None, ...]
) -> None:
    options = parse_options(told, contract({"name": "n", "type": "long"}, written))
    assert (options.timestamp_column, options.timestamp_format, options.time_zone) == expected
