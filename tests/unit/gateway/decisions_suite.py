"""What the table of decisions does: the double and PostgreSQL run this same suite."""

from __future__ import annotations

import pytest

from services.gateway.decisions import DecisionRows, OvertakenError
from services.gateway.rows import UploadRows, UploadState
from shared import ids
from shared.events import CommandName, TaskCommand
from shared.record_set import RecordSet
from tests.unit.gateway.doubles import NOW
from tests.unit.gateway.rows_suite import begun, event_of


def waiver(task_id: str, *, rows: int, records: str | None = None, sequence: int = 0) -> TaskCommand:
    return TaskCommand(
        task_id=task_id,
        command=CommandName.WAIVE,
        issued_at=NOW,
        sequence=sequence,
        reason="the sensor was off",
        rows=rows,
        records=records,
    )


class DecisionRowsSuite:
    """Needs the fixtures `decisions` and `rows`, on the same tables."""

    async def test_of_a_task_that_nobody_asked_about_nothing_is_decided(self, decisions: DecisionRows) -> None:
        found = await decisions.find(ids.fresh_task_id())
        assert (found.version, found.child_task_id, found.rows_waived, found.waived) == (0, None, 0, RecordSet())

    async def test_waivers_add_up(self, decisions: DecisionRows) -> None:
        task_id = ids.fresh_task_id()
        await decisions.waive(await decisions.find(task_id), waiver(task_id, rows=2, records="3,77"), traceparent=None)
        await decisions.waive(await decisions.find(task_id), waiver(task_id, rows=4, sequence=1), traceparent=None)
        found = await decisions.find(task_id)
        assert (found.version, found.waivers, found.rows_waived, str(found.waived)) == (2, 2, 6, "3,77")

    @pytest.mark.parametrize("earlier", [0, 1])
    async def test_of_two_decisions_on_one_look_the_first_counts(self, decisions: DecisionRows, earlier: int) -> None:
        task_id = ids.fresh_task_id()
        for sequence in range(earlier):
            look = await decisions.find(task_id)
            await decisions.waive(look, waiver(task_id, rows=1, sequence=sequence), traceparent=None)
        look = await decisions.find(task_id)
        await decisions.waive(look, waiver(task_id, rows=2, sequence=earlier), traceparent=None)
        with pytest.raises(OvertakenError):
            await decisions.waive(look, waiver(task_id, rows=3, sequence=earlier), traceparent=None)
        assert (await decisions.find(task_id)).rows_waived == earlier + 2

    @pytest.mark.parametrize("earlier", [0, 1])
    async def test_of_two_corrections_on_one_look_one_is_stored(
        self, decisions: DecisionRows, rows: UploadRows, earlier: int
    ) -> None:
        parent = ids.fresh_task_id()
        for sequence in range(earlier):
            look = await decisions.find(parent)
            await decisions.waive(look, waiver(parent, rows=1, sequence=sequence), traceparent=None)
        look = await decisions.find(parent)
        first, second = await begun(rows), await begun(rows)
        assert await rows.store(first, event_of(first.upload), traceparent=None, seen=look)
        with pytest.raises(OvertakenError):
            await rows.store(second, event_of(second.upload), traceparent=None, seen=look)
        assert (await decisions.find(parent)).child_task_id == first.upload.task_id
        found = await rows.find(second.upload.task_id)
        assert found is not None
        assert found.state is UploadState.RECEIVING

    async def test_a_claim_that_is_lost_decides_nothing(self, decisions: DecisionRows, rows: UploadRows) -> None:
        parent = ids.fresh_task_id()
        claim = await begun(rows)
        await rows.discard(claim)
        assert not await rows.store(claim, event_of(claim.upload), traceparent=None, seen=await decisions.find(parent))
        assert (await decisions.find(parent)).version == 0
