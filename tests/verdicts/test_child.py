"""The child process: its verdict, its limits, its death, its surroundings."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from services.validator.engine import (
    Accepted,
    ChildDied,
    ChildLimits,
    ChildUsage,
    ParseRequest,
    Rejected,
    child,
    run_child,
)
from shared.errors import TransientError
from tests.verdicts.judging import Judge
from tests.verdicts.processes import alive, children, process_file, settled, started_child, until

SMALL = "ts,a\n2024-01-01,x\n"
FAST = timedelta(milliseconds=5)


@pytest.fixture
def large(judge: Judge) -> ParseRequest:
    """Work for some seconds, so that a test has time to meddle."""
    return judge.request("ts,a\n" + "2024-01-01T00:00:00Z,some text\n" * 2_000_000)


async def test_the_verdict_comes_back_and_the_folder_is_clean(judge: Judge) -> None:
    request = judge.request(SMALL)
    used: list[ChildUsage] = []
    verdict = await run_child(request, ChildLimits(), report_usage=used.append)
    assert isinstance(verdict, Accepted)
    assert sorted(path.name for path in request.output_dir.iterdir()) == ["part-00000.json.gz", "report.json"]
    assert used[0].peak_rss_bytes > 10_000_000
    assert used[0].output_bytes > 0


@pytest.mark.parametrize(
    ("limits", "code", "setting"),
    [
        (ChildLimits(max_rss_bytes=40_000_000, poll_interval=FAST), "limit_memory", "max_rss_bytes"),
        (ChildLimits(max_seconds=0.3, poll_interval=FAST), "limit_time", "max_seconds"),
        (ChildLimits(max_output_bytes=10_000, poll_interval=FAST), "limit_output", "max_output_bytes"),
    ],
)
async def test_over_a_limit_it_is_killed_and_the_limit_is_named(
    large: ParseRequest, limits: ChildLimits, code: str, setting: str
) -> None:
    verdict = await run_child(large, limits)
    assert isinstance(verdict, Rejected)
    assert (verdict.problems[0].code, verdict.problems[0].detail["setting"]) == (code, setting)
    assert setting in verdict.problems[0].message
    assert not children()


async def test_any_other_death_is_ours_to_try_again(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    request = judge.request(SMALL)
    gone = request.model_copy(update={"source_path": Path("/nonexistent")})
    with pytest.raises(ChildDied, match=r"(?s)exit code 1.*FileNotFoundError"):
        await run_child(gone, ChildLimits())
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(TransientError, match=r"exit code 0.*wrote nothing"):
        await run_child(request, ChildLimits())


async def test_a_kill_from_outside_is_no_verdict(large: ParseRequest) -> None:
    running = asyncio.create_task(run_child(large, ChildLimits(poll_interval=FAST)))
    os.kill(await started_child(), signal.SIGKILL)
    with pytest.raises(ChildDied, match="SIGKILL"):
        await running


async def test_cancelling_kills_it(large: ParseRequest) -> None:
    running = asyncio.create_task(run_child(large, ChildLimits()))
    await started_child()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not children()


async def test_it_dies_with_its_parent_and_sees_no_secret(
    large: ParseRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("DB_PASSWORD", "hidden")
    program = tmp_path / "parent.py"
    program.write_text(
        "import asyncio, sys\n"
        "from services.validator.engine import ChildLimits, ParseRequest, run_child\n"
        "asyncio.run(run_child(ParseRequest.model_validate_json(sys.argv[1]), ChildLimits()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(child.__file__).parents[3])}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(program), large.model_dump_json(), env=environment
    )
    grandchild = await started_child(parent.pid)
    seen = process_file(grandchild, "environ")
    assert b"hidden" not in seen
    assert b"PYTHONPATH" in seen
    await settled(grandchild)
    parent.kill()
    await parent.wait()
    async for _ in until(10):
        if not alive(grandchild):
            break
    assert not alive(grandchild)
    # It was stopped, and did not just come to its end: that would have left a verdict.
    assert not (large.output_dir / child.VERDICT_NAME).exists()
