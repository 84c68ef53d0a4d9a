"""`ingest spec` against a gateway that answers what the test says."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.command import run

TASK = "2JZyF8uAbrUiNSDuVkBypB"
SPEC = {"type": "index_parallel", "id": f"ingest_{TASK}_1", "spec": {"dataSchema": {"dataSource": "größe"}}}


class Gateway:
    """Answers every request with `answer`."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, json=SPEC)
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path))
        return self.answer


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    answers = Gateway()
    real = httpx.Client

    def client(**arguments: Any) -> httpx.Client:
        return real(transport=httpx.MockTransport(answers), base_url=arguments["base_url"])

    monkeypatch.setattr(httpx, "Client", client)
    return answers


def test_the_spec_of_a_task_is_printed_for_people(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec", TASK) == 0
    said = capsys.readouterr().out
    assert json.loads(said) == SPEC
    assert '\n  "spec": {\n' in said
    assert "größe" in said
    assert gateway.asked == [("GET", f"/api/ingest/tasks/{TASK}/spec")]


def test_a_task_without_one_is_an_error_in_the_gateways_words(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.answer = httpx.Response(409, json={"title": "The task has no spec", "detail": "It is QUEUED."})
    assert run("spec", TASK) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "ingest: The task has no spec: It is QUEUED.\n")
