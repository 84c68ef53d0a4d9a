"""Parts, rejects and report: cut, hashed, the same for the same input."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from services.validator.engine import VERDICT, ParseLimits, Part, RejectsFile
from tests.verdicts.judging import Judge

TEXT = "ts,a\n" + "".join(f"2024-01-01T00:00:{n % 60:02d}Z,{n}\n" for n in range(1_000)) + "bad\n"


def test_parts_are_cut_between_rows_and_keep_the_order(judge: Judge) -> None:
    outcome = judge(TEXT, limits=ParseLimits(part_bytes=10_000))
    parts = outcome.accepted.parts
    assert [part.name for part in parts] == [f"part-{n:05d}.json.gz" for n in range(len(parts))]
    assert len(parts) > 5
    assert max(part.uncompressed_bytes for part in parts) <= 10_000
    assert sum(part.rows for part in parts) == 1_000
    assert [row["a"] for row in outcome.rows] == list(range(1_000))


def test_a_row_larger_than_a_part_is_a_part(judge: Judge) -> None:
    outcome = judge(TEXT, limits=ParseLimits(part_bytes=1))
    assert [part.rows for part in outcome.accepted.parts] == [1] * 1_000


def test_the_manifest_describes_the_files(judge: Judge) -> None:
    outcome = judge(TEXT)
    assert outcome.verdict.rejects is not None
    listed: list[Part | RejectsFile] = [*outcome.accepted.parts, outcome.verdict.rejects]
    for entry in listed:
        data = (outcome.folder / entry.name).read_bytes()
        assert (entry.bytes, entry.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert gzip.decompress(data).count(b"\n") == entry.rows
    (part,) = outcome.accepted.parts
    assert len(gzip.decompress((outcome.folder / part.name).read_bytes())) == part.uncompressed_bytes


def test_the_same_input_gives_the_same_bytes(judge: Judge) -> None:
    first, second = judge(TEXT), judge(TEXT)
    assert first.verdict == second.verdict
    names = sorted(path.name for path in first.folder.iterdir())
    assert names == ["part-00000.json.gz", "rejects.ndjson.gz", "report.json"]
    for name in names:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_samples_are_bounded_and_rejects_are_not(judge: Judge) -> None:
    outcome = judge(TEXT + "bad\n" * 99, limits=ParseLimits(max_problem_samples=3), max_rejected_ratio=1)
    (problem,) = outcome.report["problems"]
    assert (problem["rule"], problem["count"], len(problem["samples"])) == ("field_count", 100, 3)
    assert len(outcome.rejects) == 100


@pytest.mark.parametrize("text", [TEXT, "a,b\n1,2\nbad\n", "a,b\nbad\n"])
def test_without_rows_to_write_all_else_is_the_same(judge: Judge, text: str) -> None:
    written, unwritten = (
        judge.outcome(judge.request(text).model_copy(update={"require_time": False, "write_rows": wanted}))
        for wanted in (True, False)
    )
    assert unwritten.report == written.report
    assert unwritten.rejects == written.rejects
    assert not list(unwritten.folder.glob("part-*"))
    assert unwritten.verdict == written.verdict.model_copy(update={"parts": ()} if written.parts else {})


@pytest.mark.parametrize("text", [TEXT, "ts,a\n"])
def test_a_verdict_survives_json(judge: Judge, text: str) -> None:
    verdict = judge(text).verdict
    assert VERDICT.validate_json(VERDICT.dump_json(verdict)) == verdict
