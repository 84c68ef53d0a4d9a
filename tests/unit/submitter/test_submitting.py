"""No load is sent while its line is not known."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import cast

from services.submitter.submitting import CATCHING_UP, Rules, Submitting
from shared.db.engine import Database
from shared.druid import Druid
from shared.druid_segments import Segments
from shared.events import FileValidated
from shared.inbox import Inbox, Job
from shared.worker import Wait
from tests.contracts.golden import all_golden


class Untouchable:
    """Fails when anything is asked of it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


async def test_a_load_waits_until_every_earlier_upload_was_read() -> None:
    async def not_known() -> bool:
        return False

    nothing = Untouchable()
    rules = Rules(timedelta(seconds=2), rows_per_segment=1, most_sub_tasks=1, count_first_after=timedelta(hours=1))
    submitting = Submitting(
        cast("Database", nothing),
        cast("Inbox", nothing),
        cast("Druid", nothing),
        cast("Segments", nothing),
        rules,
        clock=lambda: datetime.now(UTC),
        line_known=not_known,
        ends_known=not_known,
    )
    golden = next(one for one in all_golden() if one.kind == FileValidated.event_type)
    received = golden.read()
    job = Job(
        event_id=uuid.uuid4(),
        task_id=received.event.key,
        attempt=1,
        event=golden.body,
        traceparent=None,
        lane=0,
        tries=1,
        deaths=0,
        wait_reason=None,
        columns={"phase": "WAITING", "spec": None, "outcome": None},
    )
    outcome = await submitting(job)
    assert outcome == Wait(timedelta(seconds=2), CATCHING_UP)
