"""`ingest datasource create`: a file is judged, and its contract kept by a gateway that answers what the test says."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from shared.contract import read_contract
from tests.command import run
from tests.gateway_answers import Gateway, answering

VERSION = {"datasource_name": "sales", "version": 1, "sha256": "ab" * 32, "created_at": "2026-03-01T09:30:00+00:00"}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return answering(monkeypatch)


@pytest.fixture
def sales_csv(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("sold_at;amount\n2024-01-01;5\n2024-01-02;7\n")
    return path


def test_create_keeps_what_a_file_has_as_the_first_contract(
    gateway: Gateway, sales_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answer = httpx.Response(201, json=VERSION)
    assert run("datasource", "create", "sales_2024", sales_csv, "--user", "ada") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("sales_2024: version 1, 1 columns, from sales.csv\n", "")
    sent = gateway.request
    assert (sent.method, sent.url.raw_path) == ("PUT", b"/api/ingest/datasources/sales_2024?user_id=ada")
    contract = read_contract(sent.content)
    assert (contract.datasource, [one.name for one in contract.columns]) == ("sales_2024", ["sold_at", "amount"])
    assert contract.dialect.delimiter == ";"


def test_create_takes_an_awkward_name_as_it_is(gateway: Gateway, sales_csv: Path) -> None:
    gateway.answer = httpx.Response(201, json=VERSION)
    assert run("datasource", "create", '100% "Δ"', sales_csv, "--name-as-is") == 0
    assert gateway.request.url.raw_path == b"/api/ingest/datasources/100%25%20%22%CE%94%22"
    assert read_contract(gateway.request.content).datasource == '100% "Δ"'


def test_create_changes_no_contract(gateway: Gateway, sales_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answer = httpx.Response(428, json={"title": "Say which version", "detail": "It is 3 (`--follows 3`)."})
    assert run("datasource", "create", "sales", sales_csv) == 1
    assert "'sales' has a contract already" in capsys.readouterr().err
    gateway.answer = httpx.Response(503, json={"title": "Away", "detail": "Later."})
    assert run("datasource", "create", "sales", sales_csv) == 1
    assert capsys.readouterr().err == "ingest: Away: Later.\n"


def test_create_says_where_no_time_is_certain(
    gateway: Gateway, sales_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answer = httpx.Response(201, json=VERSION)
    sales_csv.write_text("a,b\n1,2\n")
    assert run("datasource", "create", "sales", sales_csv) == 0
    assert "role: time" in capsys.readouterr().err


def test_create_keeps_nothing_of_a_file_that_cannot_be_read(gateway: Gateway, sales_csv: Path) -> None:
    sales_csv.write_bytes(b"")
    assert run("datasource", "create", "sales", sales_csv) == 3
    assert gateway.asked is None
