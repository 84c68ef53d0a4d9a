"""What the validation claims stand on: the table, the measuring of a tree of processes, the check of every answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import validating
from benchmarks.bench import Bench
from benchmarks.figure import Aim, Of, WrongAnswerError
from benchmarks.generated import BYTES_PER_ROW, COLUMNS, ONE_BAD_IN, write_bad_table, write_table
from benchmarks.measured import Run, Use, run
from benchmarks.scale import FULL, MIB, QUICK, enlarged
from benchmarks.validating import MEMORY, WALL, Case, figures, in_turn, ours, peer, room_for

GRANDCHILD = "held = b'x' * (80 * 2**20); import time; time.sleep(0.3); sum(range(10**7))"
CHILD = f'import subprocess, sys; subprocess.run([sys.executable, "-c", "{GRANDCHILD}"]); print(sys.stdin.read())'


def test_the_table_is_the_same_every_time_and_its_bad_rows_are_known(tmp_path: Path) -> None:
    rows = 4 * ONE_BAD_IN
    table, again = (write_table(tmp_path / name, rows) for name in ("one.csv", "two.csv"))
    content = table.path.read_bytes()
    assert content == again.path.read_bytes()
    header, *lines = content.decode().splitlines()
    assert header.split(",") == list(COLUMNS)
    short = [line for line in lines if line.count(",") != 7]
    untimed = [line for line in lines if line.startswith("2024-13")]
    assert (len(lines), len(short), len(untimed), table.bad) == (rows, 2, 2, 4)
    assert len(content) / rows == pytest.approx(BYTES_PER_ROW, rel=0.03)


def test_every_row_of_the_bad_table_is_bad(tmp_path: Path) -> None:
    table = write_bad_table(tmp_path / "bad.csv", 1000)
    _, *lines = table.path.read_text().splitlines()
    assert (len(lines), table.bad) == (1000, 1000)
    assert all(line.count(",") == 6 for line in lines)


def test_what_children_use_is_counted() -> None:
    done = run([sys.executable, "-c", CHILD], given="hello")
    assert (done.code, done.stdout.strip()) == (0, "hello")
    assert done.use.peak_rss_bytes > 80 * MIB
    assert done.use.cpu_seconds > 0.05
    assert done.use.seconds > 0.3


def _answering(monkeypatch: pytest.MonkeyPatch, code: int, stdout: str) -> None:
    monkeypatch.setattr(validating, "run", lambda *_, **__: Run(Use(1, 1, 1), code, stdout, "no luck"))


def _case(rejected: int) -> Case:
    return Case(Path("x.csv"), COLUMNS, [], [""], rows=10, rejected=rejected)


@pytest.mark.parametrize(
    ("code", "stdout", "rejected"),
    [
        (0, '{"rows": {"read": 9, "rejected": 0}}', 0),
        (3, '{"rows": {"read": 10, "rejected": 1}}', 2),
        (0, '{"rows": {"read": 10, "rejected": 2}}', 2),
        (1, "", 0),
    ],
)
def test_another_count_or_another_end_is_no_figure(
    monkeypatch: pytest.MonkeyPatch, code: int, stdout: str, rejected: int
) -> None:
    _answering(monkeypatch, code, stdout)
    with pytest.raises(WrongAnswerError):
        ours(_case(rejected))


@pytest.mark.parametrize(("code", "stdout"), [(0, '{"rows": 10, "rejected": 1}'), (1, "")])
def test_a_peer_that_counts_otherwise_is_no_figure(monkeypatch: pytest.MonkeyPatch, code: int, stdout: str) -> None:
    _answering(monkeypatch, code, stdout)
    with pytest.raises(WrongAnswerError):
        peer("pandera_eager", _case(0))


def test_ways_take_turns_and_medians_are_shown(tmp_path: Path) -> None:
    calls: list[str] = []

    def way(name: str, seconds: float) -> Use:
        calls.append(name)
        return Use(seconds, 1, 100 * MIB)

    bench = Bench({}, QUICK, tmp_path)
    uses = in_turn(bench, "x", {"a": lambda: way("a", len(calls)), "b": lambda: way("b", 2)}, runs=3)
    assert calls == ["a", "b"] * 3
    wall, _, memory = figures("a", uses["a"], uses["b"], {WALL: Aim(Of.RATIO, 1), MEMORY: Aim(Of.OURS, 100)})
    assert (wall.name, wall.ours, wall.ratio, wall.verdict) == ("a: wall, s", 2, 1, "met")
    assert (memory.ours, memory.verdict) == (100, "met")


def test_a_disk_that_is_full_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(WrongAnswerError, match="GB are needed"):
        room_for(Bench({}, QUICK, tmp_path), 1e18)


def test_large_is_four_times_the_table_and_four_gigabytes_in_the_lane() -> None:
    assert (FULL.validation_large_rows, enlarged(FULL).validation_large_rows) == (0, 4 * FULL.validation_rows)
    assert enlarged(FULL).lane_file_bytes == 4096 * MIB
