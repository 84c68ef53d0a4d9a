"""How far a child is, seen from outside."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from services.validator.engine import ChildLimits, check_in_child
from services.validator.engine.progress import Pass, begin, done_share
from tests.verdicts.judging import Judge


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(1_000))
    return path


def test_the_share_is_the_pass_and_the_place_in_the_file(source: Path, tmp_path: Path) -> None:
    with source.open("rb", buffering=0) as file:
        assert done_share(os.getpid(), source, tmp_path) == 0.0
        shares = []
        for now in Pass:
            begin(tmp_path, now)
            for place in (0, 500, 1_000):
                file.seek(place)
                shares.append(done_share(os.getpid(), source, tmp_path))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(set(shares)) == 7


def test_what_cannot_be_known_is_nothing(source: Path, tmp_path: Path) -> None:
    begin(tmp_path, Pass.WRITE)
    assert done_share(2**22 + 1, source, tmp_path) == 0.0
    (tmp_path / "pass").write_text("")
    assert done_share(os.getpid(), source, tmp_path) == 0.0


async def test_a_child_at_work_gets_on(judge: Judge) -> None:
    request = judge.request("ts,a\n" + "2024-01-01T00:00:00Z,some text\n" * 600_000)
    seen: list[float] = []
    limits = ChildLimits(poll_interval=timedelta(milliseconds=5))
    await check_in_child(request, limits, report_progress=seen.append)
    assert seen == sorted(seen)
    assert len({share for share in seen if 0 < share < 1}) > 3
    assert sorted(path.name for path in request.output_dir.iterdir()) == ["part-00000.json.gz", "report.json"]
