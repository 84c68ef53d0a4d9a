"""The command line against a gateway that answers what the test says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import cli, following
from services.gateway.fields import FIELD_BYTES
from services.validate_command import option_of
from tests.command import run

TASK = "2JZyF8uAbrUiNSDuVkBypB"
ACCEPTED = {"task_id": TASK, "status": "PENDING", "links": {}}
LEDGER = {
    "status": "RECONCILED",
    "rows_read": 1000,
    "rows_accepted": 993,
    "rows_rejected": 7,
    "rows_processed": 993,
    "rows_counted": 993,
}


def task(status: str, **fields: Any) -> dict[str, Any]:
    return {
        "task_id": TASK,
        "status": status,
        "attempt": 1,
        "original_filename": "rows.csv",
        "datasource_name": "rows",
        "created_at": "2026-01-01T00:00:00+00:00",
        "states": [{"status": status, "at": "2026-01-01T00:00:01.500000+00:00", "reason": None}],
        "ledger": {"status": None, "rows_rejected": None, "rows_read": None},
        **fields,
    }


class Gateway:
    """Answers uploads with 202 and each question about the task with the next of its states."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = [task("COMPLETED")]
        self.upload: httpx.Response | None = None
        self.body = b""
        self.path = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.body, self.path = request.read(), request.url.path
            return self.upload or httpx.Response(202, json=ACCEPTED)
        return httpx.Response(200, json=self.states.pop(0) if len(self.states) > 1 else self.states[0])


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    answers = Gateway()

    def client(**arguments: Any) -> httpx.Client:
        return real(transport=httpx.MockTransport(answers), base_url=arguments["base_url"])

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", client)
    monkeypatch.setattr(following, "POLL_SECONDS", 0.001)
    return answers


@pytest.fixture
def rows_csv(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("time,n\n2026-01-01,1\n")
    return path


def test_put_sends_the_file_and_what_was_said(
    gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("put", rows_csv, "-d", "sales", "--mode", "replace") == 0
    assert b'name="datasource_name"\r\n\r\nsales\r\n' in gateway.body
    assert b'name="mode"\r\n\r\nreplace\r\n' in gateway.body
    assert b"timestamp_column" not in gateway.body
    assert rows_csv.read_bytes() in gateway.body
    assert f"rows.csv -> sales  task {TASK}  PENDING" in capsys.readouterr().out


def test_put_leaves_the_mode_to_the_contract(gateway: Gateway, rows_csv: Path) -> None:
    assert run("put", rows_csv, "-d", "sales") == 0
    assert b'name="mode"' not in gateway.body


def test_put_sends_every_option_of_the_form(gateway: Gateway, rows_csv: Path) -> None:
    own = {"datasource_name", "user_id", "mode", "force", "stop_after"}
    said = {name: f"said-of-{name}" for name in FIELD_BYTES if name not in own}
    said["contract_version"] = "7"
    options = [word for name, value in said.items() for word in (option_of(name), value)]
    assert run("put", rows_csv, "-d", "sales", "--mode", "replace", "--user", "ann", "--force", *options) == 0
    for name, value in {**said, "user_id": "ann", "force": "true"}.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in gateway.body


@pytest.mark.parametrize(
    ("status", "code"),
    [("COMPLETED", 0), ("REJECTED", 3), ("FAILED", 4), ("CANCELLED", 4), ("SUPERSEDED", 4)],
)
def test_the_end_is_the_exit_code(gateway: Gateway, rows_csv: Path, status: str, code: int) -> None:
    gateway.states = [task("PENDING"), task("RUNNING"), task(status)]
    assert run("put", rows_csv, "-d", "sales", "--wait") == code


def test_waiting_shows_each_state_once_and_the_ledger(
    gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.states = [task("PENDING"), task("PENDING"), task("COMPLETED", ledger=LEDGER, rejects_key="rejected/x")]
    assert run("put", rows_csv, "-d", "sales", "--wait") == 0
    said = capsys.readouterr()
    assert said.out.count("PENDING") == 1
    assert "     1.5 s  COMPLETED" in said.out
    assert "counted             993" in said.out
    assert "RECONCILED" in said.out
    assert said.err.splitlines() == [
        "ingest: 7 of 1,000 rows were rejected",
        f"ingest: `ingest problems {TASK}` says why",
        f"ingest: `ingest rejects {TASK} --fix` writes them to be corrected",
    ]


def test_a_rejection_is_told_on_stderr(gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = [{"code": "no_rows", "message": "The file has a header and no rows."}]
    gateway.states = [task("REJECTED", validation_errors=problems)]
    assert run("put", rows_csv, "-d", "sales", "--wait") == 3
    assert capsys.readouterr().err == "ingest: no_rows: The file has a header and no rows.\n"


def test_a_notice_is_shown_with_the_ledger_and_ends_nothing(
    gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notices = [{"code": "live_type", "message": "`x` is LONG in the datasource and STRING in the file"}]
    gateway.states = [task("COMPLETED", ledger=LEDGER, notices=notices)]
    shown = "  live_type: `x` is LONG in the datasource and STRING in the file\n"
    assert run("put", rows_csv, "-d", "sales", "--wait") == 0
    assert shown in capsys.readouterr().out
    assert run("status", TASK) == 0
    assert shown in capsys.readouterr().out


def test_json_is_the_task_with_its_ledger(gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.states = [task("COMPLETED", ledger=LEDGER)]
    assert run("put", rows_csv, "-d", "sales", "--wait", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["ledger"] == LEDGER


def test_a_time_out_is_its_own_code(gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.states = [task("RUNNING")]
    assert run("put", rows_csv, "-d", "sales", "--wait", "--timeout", "0.1") == 5
    assert f"task {TASK} is still RUNNING" in capsys.readouterr().err


def test_a_refusal_is_one_line_with_the_gateways_words(
    gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.upload = httpx.Response(422, json={"title": "A field is missing", "detail": "Say where the rows go."})
    assert run("put", rows_csv, "-d", "sales") == 1
    assert capsys.readouterr().err == "ingest: A field is missing: Say where the rows go.\n"


def test_correct_sends_the_rows_to_their_task(
    gateway: Gateway, rows_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("correct", TASK, rows_csv, "--user", "ann", "--delimiter", ";") == 0
    assert gateway.path == f"/api/ingest/tasks/{TASK}/corrections"
    assert rows_csv.read_bytes() in gateway.body
    assert b'name="user_id"\r\n\r\nann\r\n' in gateway.body
    assert b"datasource_name" not in gateway.body
    assert f"rows.csv corrects task {TASK}" in capsys.readouterr().out


def test_correct_can_wait_for_the_end(gateway: Gateway, rows_csv: Path) -> None:
    gateway.states = [task("PENDING"), task("REJECTED")]
    assert run("correct", TASK, rows_csv, "--wait") == 3


@pytest.mark.parametrize(("options", "rows"), [(("--all",), "all"), (("--record", 3, "--record", 77), [3, 77])])
def test_waive_says_which_rows_and_why(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], options: tuple[object, ...], rows: object
) -> None:
    gateway.upload = httpx.Response(202, json={"task_id": TASK, "rows_waived": 2})
    assert run("waive", TASK, *options, "--reason", "the sensor was off") == 0
    assert gateway.path == f"/api/ingest/tasks/{TASK}/waivers"
    assert json.loads(gateway.body) == {"rows": rows, "reason": "the sensor was off"}
    assert f"2 rows of task {TASK} are waived" in capsys.readouterr().out


def test_status_shows_the_gap(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    child = {"task_id": "x" * 22, "status": "COMPLETED", "rows_accepted": 2, "rows_rejected": 0, "created_at": None}
    corrections = {"rejected": 7, "corrected": 2, "waived": 1, "gap": 4, "children": [child]}
    gateway.states = [task("COMPLETED", ledger=LEDGER, corrections=corrections)]
    assert run("status", TASK) == 0
    said = capsys.readouterr().out
    assert "  gap                   4  7 rejected, 2 corrected, 1 waived\n" in said
    assert f"    correction  task {'x' * 22}  COMPLETED  2 rows\n" in said


def test_status_of_a_correction_names_what_it_corrects(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.states = [task("COMPLETED", ledger=LEDGER, corrections=None, corrects="y" * 22)]
    assert run("status", TASK) == 0
    assert f"corrects task {'y' * 22}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("put",),
        ("put", "no-such-file", "-d", "x"),
        ("nothing",),
        ("status", TASK, "-o", "xml"),
        ("run", "everything"),
        ("waive", TASK, "--reason", "x"),
        ("waive", TASK, "--all", "--record", 3, "--reason", "x"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith("ingest: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_no_gateway_is_one_line_that_says_how_to_start_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: Any, **__: Any) -> httpx.Response:
        msg = "refused"
        raise httpx.ConnectError(msg)

    monkeypatch.setattr(httpx.Client, "request", refused)
    assert run("status", TASK) == 1
    assert "make up" in capsys.readouterr().err


def test_a_command_whose_packages_are_left_out_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "format_version: 1\ndatasource: d\ncolumns:\n  - name: a\n    type: text\n    checks: {pattern: '[a-c]{7}'}\n"
    )
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.setattr("sys.argv", ["ingest", "contract", "check", str(contract)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.EXIT_ERROR
    assert (
        capsys.readouterr().err == "ingest: this command needs polars: install what requirements/validator.txt lists\n"
    )


@pytest.mark.parametrize(("status", "code"), [("CANCELLED", 0), ("COMPLETED", 1), ("REJECTED", 3), ("FAILED", 4)])
def test_a_cancel_that_is_waited_for_succeeds_if_it_was_not_too_late(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    gateway.upload = httpx.Response(202, json={"task_id": TASK, "command": "cancel", "attempt": 1})
    gateway.states = [task("RUNNING"), task(status, ledger=LEDGER)]
    assert run("cancel", TASK, "--reason", "the wrong file", "--wait") == code
    assert gateway.path == f"/api/ingest/tasks/{TASK}/cancel"
    assert json.loads(gateway.body) == {"reason": "the wrong file"}
    assert (f"too late to cancel task {TASK}: it is {status}" in capsys.readouterr().err) == (code != 0)


def test_a_retry_is_followed_from_its_own_attempt_on(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"task_id": TASK, "command": "retry", "attempt": 2, "from": "submission"}
    gateway.upload = httpx.Response(202, json=given)
    gateway.states = [task("FAILED"), task("RUNNING", attempt=2), task("COMPLETED", attempt=2, ledger=LEDGER)]
    assert run("retry", TASK, "--from", "submission", "--wait") == 0
    assert (gateway.path, json.loads(gateway.body)) == (f"/api/ingest/tasks/{TASK}/retry", {"from": "submission"})
    said = capsys.readouterr().out
    assert "FAILED" not in said
    assert "RUNNING" in said
    gateway.states = [task("FAILED")]
    assert run("retry", TASK) == 0
    assert capsys.readouterr().out == f"task {TASK} is tried again from submission, attempt 2\n"


@pytest.mark.parametrize(("status", "code"), [("RECONCILED", 0), ("MISMATCH", 4), ("UNPROVEN", 4)])
def test_verify_waits_for_another_count_than_the_last(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    gateway.upload = httpx.Response(202, json={"task_id": TASK, "command": "verify", "attempt": 1})
    last = {"status": "RECONCILED", "rows_counted": 993, "counted_at": "2026-01-01T00:00:00Z"}
    now = {"status": status, "rows_counted": 12, "counted_at": "2026-02-01T00:00:00Z", "reason": "as it is"}
    gateway.states = [task("COMPLETED", verified=last)] * 3 + [task("COMPLETED", verified=now)]
    assert run("verify", TASK, "--wait") == code
    assert gateway.states == [task("COMPLETED", verified=now)]
    assert f"12  {status} at 2026-02-01T00:00:00Z: as it is" in capsys.readouterr().out


def test_a_command_that_the_state_does_not_allow_is_an_error(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"title": "The task cannot be cancelled now", "detail": "Task x is COMPLETED: too late."}
    gateway.upload = httpx.Response(409, json=said)
    assert run("cancel", TASK) == 1
    assert capsys.readouterr().err == "ingest: The task cannot be cancelled now: Task x is COMPLETED: too late.\n"
