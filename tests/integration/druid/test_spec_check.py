"""`ingest spec --check` on a real Druid: values that are hard to keep, and faults that it has to find."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.spec_check.checking import Checked, check_task
from services.spec_check.comparing import compare
from services.spec_check.errors import CannotCheckError
from services.spec_check.expecting import expected
from services.spec_check.request import Part, inline
from services.spec_check.sample import of_objects
from services.spec_check.sampler import Sampler
from services.submitter.spec import Load, freeze, without_signatures
from shared import ids
from shared.druid import DruidSettings, HttpDruid
from shared.storage.s3 import S3ObjectStore
from tests.command import run
from tests.integration.druid.loading import Loader
from tests.integration.druid.test_loading_specs import ELSEWHERE, ROWS, rows_of
from tests.unit.submitter import druid_loads
from tests.unit.submitter.druid_loads import GOLDEN

HARD_CSV = (
    "when,most,least,tenth,small,large,price,day,seen,text,empty,flag,nested\n"
    "2026-03-29T01:30:00+02:00,9223372036854775807,-9223372036854775808,0.1,5e-324,1.7976931348623157e308,"
    '"12345678901234567890.10",2024-02-29,2026-01-01T00:00:00.001+05:30,"it\'s ""Δ😀"" \\ {x}",,true,'
    '"{""a"": [1, 1.5, null, {""b"": ""Ü""}], ""big"": 9223372036854775807, ""t"": true}"\n'
    "1969-12-31T23:59:59.999Z,0,-1,1e22,1e-7,123456789.123,0.30,1900-01-01,1969-12-31T23:59:59.999Z,"
    '"two\nlines, and\ta tab",,false,"[]"\n'
    "2026-10-25T02:30:00-11:00,,,,,,,,,,,,\n"
    '9999-12-31T23:59:59.999Z,9007199254740993,1,-0.30000000000000004,100,0.5,-1,9999-12-31,2026-07-01T12:00:00Z,"[1,2]",,TRUE,'
    '"""just text"""\n'
)
HARD_CONTRACT = """
format_version: 1
datasource: hard
columns:
  - {name: when, type: timestamp, role: time}
  - {name: most, type: long}
  - {name: least, type: long}
  - {name: tenth, type: double}
  - {name: small, type: double}
  - {name: large, type: double}
  - {name: price, type: decimal}
  - {name: day, type: date}
  - {name: seen, type: timestamp}
  - {name: text, type: text}
  - {name: empty, type: text}
  - {name: flag, type: boolean}
  - {name: nested, type: json}
"""


@pytest.fixture(autouse=True)
def druid_of_the_command(monkeypatch: pytest.MonkeyPatch, profile: Mapping[str, str]) -> None:
    monkeypatch.setenv("DRUID_URL", profile["DRUID_URL"])


@pytest.fixture
def hard(tmp_path: Path) -> Path:
    path = tmp_path / "hard.csv"
    path.write_text(HARD_CSV)
    return path


def contract(folder: Path, more: str = "") -> Path:
    path = folder / "contract.yaml"
    path.write_text(HARD_CONTRACT + more)
    return path


def checked_by_command(
    capsys: pytest.CaptureFixture[str], *arguments: object, code: int
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The document, and its columns by name."""
    assert run("spec", *arguments, "--check", "-o", "json") == code
    document = json.loads(capsys.readouterr().out)
    return document, {column["name"]: column for column in document["columns"]}


def test_hard_values_are_read_as_they_are(hard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, columns = checked_by_command(capsys, hard, "-d", "hard", "--contract", contract(tmp_path), code=0)
    assert (document["rows"], document["rows_compared"], document["cells_different"]) == (4, 3, 0)
    assert document["notes"] == ["1 rows of before 1970 are left out: Druid loads them, its sampler does not"]
    types = {name: (column["type"], column["druid_type"]) for name, column in columns.items()}
    assert types == {
        "__time": ("long", "long"),
        "most": ("long", "long"),
        "least": ("long", "long"),
        "tenth": ("double", "double"),
        "small": ("double", "double"),
        "large": ("double", "double"),
        "price": ("string", "string"),
        "day": ("string", "string"),
        "seen": ("string", "string"),
        "text": ("string", "string"),
        "empty": (None, "string"),
        "flag": ("string", "string"),
        "nested": ("json", "json"),
        "ingest_task_id": (None, "string"),
    }
    assert all(column["compared"] == 3 for column in columns.values())


def test_hard_values_without_a_contract_too(hard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec", hard, "-d", "hard", "--timestamp-column", "when", "--check") == 0
    said = capsys.readouterr().out
    assert said.startswith("hard.csv -> hard: Druid reads 3 of 4 rows as we do\n")
    assert all(len(line) <= 80 for line in said.splitlines())


def test_a_decimal_that_is_loaded_as_double_loses_digits(
    hard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The type was asked for, the rounding was not."""
    loading = "loading: {dimensions: [{name: price, type: double}, {name: tenth, type: float}]}\n"
    document, columns = checked_by_command(
        capsys, hard, "-d", "hard", "--contract", contract(tmp_path, loading), code=4
    )
    assert document["equal"] is False
    assert [(cell["number"], cell["kind"], cell["ours"], cell["druid_type"]) for cell in columns["price"]["first"]] == [
        (1, "rounded", "12345678901234567890.10", "double")
    ]
    assert columns["price"]["druid_type"] == "double"
    assert {cell["number"] for cell in columns["tenth"]["first"]} == {4}
    assert {name for name, column in columns.items() if column["different"]} == {"price", "tenth"}


def test_records_are_numbered_as_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("when,n\n2026-01-01,1\n2026-01-02,2,3\n2026-01-03,9007199254740993\n")
    made = tmp_path / "sales.yaml"
    made.write_text(
        "format_version: 1\ndatasource: sales\ncolumns:\n"
        "  - {name: when, type: timestamp, role: time}\n  - {name: n, type: long}\n"
        "loading: {dimensions: [{name: n, type: double}]}\n"
    )
    document, columns = checked_by_command(capsys, path, "-d", "sales", "--contract", made, code=4)
    assert document["numbered_by"] == "record"
    assert [(cell["number"], cell["ours"], cell["druid"]) for cell in columns["n"]["first"]] == [
        (3, 9007199254740993, 9007199254740992.0)
    ]


def test_rows_that_rollup_would_make_one_are_compared_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, made = tmp_path / "views.csv", tmp_path / "views.yaml"
    path.write_text("when,page,n\n" + "2026-01-01T10:20:30Z,/a,1\n" * 2 + "2026-01-01T10:40:00Z,/a,2\n")
    made.write_text(
        "format_version: 1\ndatasource: views\ncolumns:\n"
        "  - {name: when, type: timestamp, role: time}\n  - {name: page, type: text}\n  - {name: n, type: long}\n"
        "loading: {rollup: true, query_granularity: hour, metrics: [{name: total, type: sum, column: n}]}\n"
    )
    document, columns = checked_by_command(capsys, path, "-d", "views", "--contract", made, code=0)
    assert document["notes"] == ["off for the comparison: rollup, query granularity HOUR"]
    assert document["rows_compared"] == 3
    assert {"total", "ingest_row_count"} <= {name for name, column in columns.items() if column["compared"] == 3}


def test_only_a_sample_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.csv"
    path.write_text("when,n\n" + "".join(f"2026-01-01T00:00:00Z,{number}\n" for number in range(6_000)))
    for asked, compared in ((("--sample", 7), 7), ((), 500), (("--sample", 5_000), 5_000)):
        document, _ = checked_by_command(capsys, path, "-d", "long", *asked, code=0)
        assert (document["rows_compared"], document["rows"]) == (compared, 6_000)


def test_rows_of_many_bytes_are_cut_to_what_druid_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.csv"
    wide = "x" * 90_000
    path.write_text("when,text\n" + "".join(f"2026-01-01T00:00:00Z,{number}{wide}\n" for number in range(150)))
    document, _ = checked_by_command(capsys, path, "-d", "wide", code=0)
    assert document["rows_compared"] == 93  # 8 MiB of lines


def test_nobody_at_the_address_is_one_line(
    hard: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRUID_URL", "http://127.0.0.1:9")
    assert run("spec", hard, "-d", "hard", "--timestamp-column", "when", "--check") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ingest: the sampler of Druid at http://127.0.0.1:9 does not answer: ")
    assert said.err.count("\n") == 1


async def ready(loader: Loader, golden: Load) -> Load:
    """The golden load with parts that are there, and have its columns."""
    task_id, names = ids.fresh_task_id(), {one.name for one in golden.columns}
    rows = [{name: value for name, value in row.items() if name in names} for row in rows_of(task_id)]
    size = -(-ROWS // len(golden.keys))
    keys = [
        await loader.put(task_id, number, rows[number * size : (number + 1) * size])
        for number in range(len(golden.keys))
    ]
    return replace(golden, task_id=task_id, datasource=loader.datasource, bucket=loader.store.bucket, keys=tuple(keys))


async def check(loader: Loader, settings: DruidSettings, load: Load, *, rows: int = 500) -> Checked:
    """The kept spec of a load whose parts are in the store, by no contract."""
    sampler = Sampler(settings)
    try:
        spec = without_signatures(freeze(load).spec)
        return await check_task(spec, loader.store, contract=None, sampler=sampler, rows=rows)
    finally:
        await sampler.close()


async def test_druid_reads_the_parts_of_a_task_itself(loader: Loader, druid_settings: DruidSettings) -> None:
    load = await ready(loader, druid_loads.MANY_PARTS)
    checked = await check(loader, druid_settings, load)
    assert checked.comparison.equal
    assert (checked.comparison.rows, checked.notes) == (12, ())
    fewer = await check(loader, druid_settings, load, rows=7)
    assert (fewer.comparison.rows, fewer.comparison.equal) == (7, True)


async def test_a_task_with_rows_of_before_1970_is_compared_in_the_others(
    loader: Loader, druid_settings: DruidSettings
) -> None:
    """The sampler refuses all rows for one of them, so the others are sent to it."""
    load, names = await ready(loader, druid_loads.APPEND), {one.name for one in druid_loads.APPEND.columns}
    rows = [{name: row[name] for name in names} for row in rows_of(load.task_id)]
    rows[3]["__time"] = -1
    key = await loader.put(load.task_id, 1, rows)
    checked = await check(loader, druid_settings, replace(load, keys=(key,)))
    assert (checked.comparison.rows, checked.comparison.equal) == (11, True)
    assert checked.notes == ("1 rows of before 1970 are left out: Druid loads them, its sampler does not",)


async def test_parts_of_signed_addresses_are_sent(loader: Loader, druid_settings: DruidSettings) -> None:
    load = await ready(loader, druid_loads.MANY_PARTS)
    urls = [await loader.store.presigned_get(key, lifetime=timedelta(hours=1)) for key in load.keys]
    checked = await check(loader, druid_settings, replace(load, urls=tuple(urls)))
    assert checked.comparison.equal
    assert checked.comparison.rows == 12


@pytest.mark.parametrize("name", sorted(GOLDEN.keys() - ELSEWHERE))
async def test_every_golden_spec_reads_as_its_loading_says(
    loader: Loader, druid_settings: DruidSettings, name: str
) -> None:
    """Types, nested values, transforms and metrics, told from the typed fields beside the spec that is made of them."""
    load = await ready(loader, GOLDEN[name])
    taken = await of_objects(loader.store, [Part(None, key) for key in load.keys], 500)
    sampler = Sampler(druid_settings)
    try:
        theirs = await sampler(freeze(load).spec, inline(taken.lines), len(taken.rows))
    finally:
        await sampler.close()
    comparison = compare(expected(taken.rows, range(1, 13), load.loading), theirs)
    assert [cell for column in comparison.columns for cell in column.first] == []
    assert comparison.equal
    assert comparison.rows == 12


@pytest.mark.parametrize(
    ("name", "wrong", "kinds"),
    [
        ("delay", "string", {"type"}),
        ("delay", "double", {"type"}),
        ("ratio", "long", {"changed", "type"}),
    ],
)
async def test_a_dimension_of_another_type_than_ours_is_found(
    loader: Loader, druid_settings: DruidSettings, name: str, wrong: Any, kinds: set[str]
) -> None:
    """A fault in making the spec: the column is called another type than its values have, and nobody asked for it."""
    load = await ready(loader, druid_loads.APPEND)
    columns = tuple(one.model_copy(update={"type": wrong}) if one.name == name else one for one in load.columns)
    comparison = (await check(loader, druid_settings, replace(load, columns=columns))).comparison
    assert not comparison.equal
    differing = {column.name: column for column in comparison.columns if column.different}
    assert set(differing) == {name}
    assert set(differing[name].kinds) == kinds
    assert (differing[name].type, differing[name].druid_type) == (
        "double" if name == "ratio" else "long",
        wrong,
    )


async def test_parts_that_are_gone_are_told_at_once(
    loader: Loader, store: S3ObjectStore, druid_settings: DruidSettings
) -> None:
    load = await ready(loader, druid_loads.APPEND)
    await store.delete(load.keys[0])
    with pytest.raises(CannotCheckError, match="no longer in the object store"):
        await check(loader, druid_settings, load)


async def test_a_spec_that_this_druid_refuses_is_told_in_the_catalogues_words(
    loader: Loader, druid: HttpDruid, druid_settings: DruidSettings
) -> None:
    load = await ready(loader, druid_loads.SKETCHES)
    if (await druid.capabilities()).has("druid-datasketches"):
        assert (await check(loader, druid_settings, load)).comparison.rows == 12
        return
    with pytest.raises(CannotCheckError, match=r"refused the sample: .* Druid said: .*HLLSketchBuild"):
        await check(loader, druid_settings, load)
