"""`ingest datasource` against a gateway that answers what the test says."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.command import run
from tests.gateway_answers import Gateway, answering

VERSION = {
    "datasource_name": "sales 1",
    "version": 4,
    "sha256": "ab" * 32,
    "created_at": "2026-03-01T09:30:00+00:00",
    "created_by": "ada",
}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return answering(monkeypatch)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "sales.yaml"
    path.write_bytes(b"# bytes as they are \r\nformat_version: 1\n")
    return path


def test_put_sends_the_bytes_of_the_file(gateway: Gateway, contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answer = httpx.Response(201, json=VERSION)
    assert run("datasource", "put", "sales 1", contract, "--user", "ada") == 0
    assert capsys.readouterr().out == "sales 1: version 4\n"
    sent = gateway.request
    assert (sent.method, sent.content) == ("PUT", contract.read_bytes())
    assert sent.url.raw_path == b"/api/ingest/datasources/sales%201?user_id=ada"
    assert sent.headers["content-type"] == "application/yaml"
    assert "if-match" not in sent.headers


def test_put_says_which_version_it_follows_and_what_was_there_before(
    gateway: Gateway, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answer = httpx.Response(200, json=VERSION)
    as_json = contract.rename(contract.with_suffix(".json"))
    assert run("datasource", "put", "sales 1", as_json, "--follows", 3) == 0
    assert capsys.readouterr().out == "sales 1: version 4, which it was before\n"
    assert gateway.request.headers["if-match"] == '"3-yaml"'
    assert gateway.request.headers["content-type"] == "application/json"


def test_each_fault_is_a_line_with_its_place(
    gateway: Gateway, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = [
        {"field": "columns[0].type", "message": "must be text", "line": 6, "column": 5},
        {"field": "", "message": "this is no YAML", "line": None, "column": None},
    ]
    gateway.answer = httpx.Response(422, json={"title": "The contract has faults", "detail": "…", "faults": faults})
    assert run("datasource", "put", "sales", contract) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"ingest: {contract}: line 6, column 5: columns[0].type: must be text\ningest: {contract}: this is no YAML\n"
    )


def test_any_other_refusal_is_one_line(gateway: Gateway, contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answer = httpx.Response(428, json={"title": "Say which version", "detail": "It is 3 (`--follows 3`)."})
    assert run("datasource", "put", "sales", contract) == 1
    assert capsys.readouterr().err == "ingest: Say which version: It is 3 (`--follows 3`).\n"


def test_create_suggests_a_plain_name(gateway: Gateway, contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("datasource", "create", "Sales 2024 (new)", contract) == 2
    said = capsys.readouterr()
    assert (said.out, gateway.asked) == ("", None)
    assert "because it has a space, `(`, `)`; `sales_2024_new` would need none" in said.err
    assert "--name-as-is" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "path", "accept"),
    [
        ((), b"/api/ingest/datasources/sales%201", "application/yaml"),
        (("--version", "2"), b"/api/ingest/datasources/sales%201/versions/2", "application/yaml"),
        (("-o", "json"), b"/api/ingest/datasources/sales%201", "application/json"),
    ],
)
def test_get_prints_the_contract_as_it_comes(
    gateway: Gateway, capfdbinary: pytest.CaptureFixture[bytes], options: tuple[str, ...], path: bytes, accept: str
) -> None:
    gateway.answer = httpx.Response(200, content=b"a: \xc3\xbc\r\n")
    assert run("datasource", "get", "sales 1", *options) == 0
    assert capfdbinary.readouterr().out == b"a: \xc3\xbc\r\n" + (b"\n" if "json" in options else b"")
    assert (gateway.request.url.raw_path, gateway.request.headers["accept"]) == (path, accept)


def test_history_lists_the_versions(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    document = {"datasource_name": "sales 1", "versions": [VERSION, {**VERSION, "version": 3, "created_by": None}]}
    gateway.answer = httpx.Response(200, json=document)
    assert run("datasource", "history", "sales 1") == 0
    assert capsys.readouterr().out.splitlines() == [
        "version  created               sha256        by",
        "      4  2026-03-01T09:30:00Z  abababababab  ada",
        "      3  2026-03-01T09:30:00Z  abababababab",
    ]
    gateway.answer = httpx.Response(200, json=document)
    assert run("datasource", "history", "sales 1", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == document


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("get", "x", "-o", "xml"), 2),
        (("put", "x"), 2),
        (("history",), 2),
        (("get", "x", "--version", "0"), 2),
        (("put", "x", "no-such-file"), 1),
        (("create", "x", "no-such-file"), 1),
        (("create", "a/b", "x.csv"), 2),
        (("create", "x" * 129, "x.csv"), 2),
        (("create", "x"), 2),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("datasource", *arguments) == code
    said = capsys.readouterr()
    assert said.err.startswith("ingest: ")
    assert said.err.count("\n") == 1
    assert said.out == ""
