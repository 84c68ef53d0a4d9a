"""Every format, dialect and fault of `cases`, whole and in pieces."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import ParseLimits, source
from shared.contract import read_contract
from tests.verdicts.cases.case import Bad, Case
from tests.verdicts.cases.every import CASES
from tests.verdicts.judging import Judge

_OURS = {"__time", "ingest_task_id"}


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("chunk", [source.CHUNK_BYTES, 11])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_judged_as_told(judge: Judge, case: Case, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", chunk)
    limits = ParseLimits() if case.max_record_bytes is None else ParseLimits(max_record_bytes=case.max_record_bytes)
    contract = None if case.contract is None else read_contract(case.contract)
    outcome = judge(case.content, limits=limits, contract=contract, **case.options)
    if case.code:
        assert outcome.code == case.code, outcome.message
        assert outcome.detail.get("line") == case.line
        assert {fact: outcome.detail.get(fact) for fact in case.detail} == case.detail
        assert not list(outcome.folder.glob("part-*"))
    else:
        assert [tuple(value for name, value in row.items() if name not in _OURS) for row in outcome.rows] == list(
            case.rows
        )
        assert tuple(_bad(row) for row in outcome.rejects) == case.bad
        judged = outcome.accepted
        assert judged.rows_read == judged.second_count == len(case.rows) + len(case.bad)
    if case.loaded:
        assert outcome.meanings == case.loaded
    if case.drift is not None:
        drifts = [(one["kind"], one["column"], one["decision"]) for one in outcome.report["drift"]]
        assert sorted(drifts) == sorted(case.drift)
    reading = outcome.reading
    assert {fact: reading.get(fact) for fact in case.reading} == case.reading
    columns = {column["name"]: column for column in outcome.report["columns"]}
    for name, facts in case.columns.items():
        assert {fact: columns[name][fact] for fact in facts} == facts


def _bad(row: dict[str, Any]) -> Bad:
    """The row as a case tells of it: by the first of its errors."""
    first = row["errors"][0]
    return Bad(first["code"], row["record"], row["line"], first.get("constraint"))
