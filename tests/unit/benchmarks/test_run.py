from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import pacing
from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Figure, WrongAnswerError
from benchmarks.files import write_noise, write_repeated, write_small
from benchmarks.rounds import alternate
from benchmarks.scale import QUICK


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench({}, QUICK, tmp_path)


def _wrong(_: Bench) -> list[Figure]:
    msg = "3 rows were counted, not 4"
    raise WrongAnswerError(msg)


def test_a_wrong_answer_is_loud_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    claims = (Claim("bad", "Bad", "a peer", _wrong), Claim("good", "Good", "a peer", lambda _: [Figure("x", 1, 2)]))
    monkeypatch.setattr(command, "CLAIMS", claims)
    profile = tmp_path / "profile.env"
    profile.touch()
    monkeypatch.setenv("INGEST_PROFILE", str(profile))
    assert command.main(["--json", str(tmp_path / "figures.json")]) == 1
    shown = capsys.readouterr()
    assert "NO FIGURE: WrongAnswerError: 3 rows were counted, not 4" in shown.err
    assert "NO FIGURE" in shown.out
    assert "0.50" in shown.out


def test_a_claim_that_does_not_exist_is_an_error_of_usage() -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["nonsense"])


def test_sides_take_turns_and_the_first_pair_is_not_counted(bench: Bench) -> None:
    calls: list[str] = []

    def side(name: str) -> Any:
        def call() -> float:
            calls.append(name)
            return float(len(calls))

        return call

    assert alternate(bench, "x", 2, side("ours"), side("peer")) == ([3.0, 5.0], [4.0, 6.0])
    assert calls == ["ours", "peer"] * 3


async def test_every_request_is_made_once_though_the_first_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SLACK", 1e6)
    asked: list[int] = []
    last = asyncio.Event()

    async def ask(number: int) -> None:
        asked.append(number)
        if number == 0:
            await last.wait()
        if number == 9:
            last.set()

    assert len(await pacing.latencies(ask, per_second=1000, seconds=0.01)) == 10
    assert asked == list(range(10))


async def test_a_wrong_answer_to_one_request_ends_them_all() -> None:
    async def ask(number: int) -> None:
        if number == 3:
            raise WrongAnswerError

    with pytest.raises(ExceptionGroup) as raised:
        await pacing.latencies(ask, per_second=1000, seconds=1)
    assert command._in_one_line(raised.value).startswith("WrongAnswerError")


def test_the_files_are_as_large_as_they_are_called(tmp_path: Path) -> None:
    small = write_small(tmp_path)
    assert len(small.read_text().splitlines()) == 1001
    assert write_noise(tmp_path, 1_500_000).stat().st_size == 1_500_000
    assert len(write_repeated(small, tmp_path, 3).read_text().splitlines()) == 3001


def test_a_claim_without_servers_needs_no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INGEST_PROFILE", str(tmp_path / "none"))
    alone = Claim("alone", "Alone", "a peer", lambda _: [Figure("x", 1, 2)], needs_servers=False)
    beside = Claim("beside", "Beside", "a peer", lambda _: [Figure("x", 1, 2)])
    monkeypatch.setattr(command, "CLAIMS", (alone, beside))
    figures = str(tmp_path / "figures.json")
    assert command.main(["--json", figures, "alone"]) == 0
    assert command.main(["--json", figures]) == 1
