"""Hostile files in the real child: each ends as `cases.hostile` says, in bounded memory and time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.validator.engine import Accepted, ChildLimits, ChildUsage, ParseRequest, Rejected, run_child
from tests.verdicts.cases.hostile import HOSTILE, MIB, Hostile
from tests.verdicts.judging import Outcome

LIMITS = ChildLimits(max_rss_bytes=1024 * MIB, max_seconds=60, poll_interval=timedelta(milliseconds=50))


def test_every_file_has_a_name_of_its_own() -> None:
    names = [case.name for case in HOSTILE]
    assert len(set(names)) == len(names)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
async def test_it_ends_with_a_name(case: Hostile, tmp_path: Path) -> None:
    source, output = tmp_path / "source", tmp_path / "output"
    source.write_bytes(case.make())
    output.mkdir()
    used: list[ChildUsage] = []
    request = ParseRequest(source_path=source, original_filename="x", output_dir=output, task_id="t")
    verdict = await run_child(request, LIMITS, report_usage=used.append)
    print(f"{case.name}: {used[0].peak_rss_bytes // MIB} MiB, {used[0].seconds:.1f} s")  # noqa: T201 - figures for the reader
    if case.rule is None:
        assert isinstance(verdict, Accepted), verdict
        outcome = Outcome(verdict, output)
        assert tuple(outcome.error_codes) == case.bad
        assert tuple(row["a"] for row in outcome.rows[len(outcome.rows) - len(case.last) :]) == case.last
    else:
        assert isinstance(verdict, Rejected), verdict
        assert verdict.problems[0].code == case.rule, verdict.problems[0].message
    if case.rule != "limit_memory":
        assert used[0].peak_rss_bytes < 700 * MIB
