"""Waiving rejected rows: nobody will correct them, and the gap closes by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.callers import Caller
from services.gateway.correcting import Family, plan_waiver
from services.gateway.decisions import DecisionRows, OvertakenError
from services.gateway.families import Families
from services.gateway.problems import ProblemError, ProblemKind
from shared.events import CommandName, TaskCommand
from shared.record_set import RecordSet, carried
from shared.telemetry import logger, task_scope

TRIES = 3

_log = logger(__name__)


class WaiverForm(BaseModel):
    """The body of the request: `rows` is `all`, or the numbers of records."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rows: Literal["all"] | list[int] = Field(union_mode="left_to_right")
    reason: str = Field(min_length=1, max_length=1024)


@dataclass(frozen=True)
class Waived:
    """How many rows a request has waived; none when it asks for what was waived before."""

    task_id: str
    rows: int


class Waivers:
    """The use case.

    Args:
        families: what is known of a task.
        decisions: where waivers are kept.
        clock: the time, aware UTC.
        announce: called after a promise was committed.
    """

    def __init__(
        self,
        families: Families,
        decisions: DecisionRows,
        *,
        clock: Callable[[], datetime],
        announce: Callable[[], None],
    ) -> None:
        self._families = families
        self._decisions = decisions
        self._clock = clock
        self._announce = announce

    async def waive(self, task_id: str, body: bytes, *, caller: Caller, traceparent: str | None) -> Waived:
        """Waive rows of a task. The same request again waives nothing more.

        Raises:
            ProblemError: the request cannot be understood, or the rows cannot be waived now.
            DatabaseAwayError: it may be waived later.
        """
        form = parse_form(body)
        records = None if form.rows == "all" else RecordSet(form.rows)
        with task_scope(task_id):
            for _ in range(TRIES):
                try:
                    family = await self._families.of(task_id, caller)
                    return await self._waive(family, records, form.reason, traceparent)
                except OvertakenError:
                    continue  # somebody was faster: look again
        detail = "Others decide about the task at the same time. Try again soon."
        raise ProblemError(ProblemKind.CORRECTION_IN_FLIGHT, detail)

    async def _waive(self, family: Family, records: RecordSet | None, reason: str, traceparent: str | None) -> Waived:
        task_id = family.parent["task_id"]
        waiver = plan_waiver(family, records)
        if waiver.rows:
            event = TaskCommand(
                task_id=task_id,
                tenant=family.parent["tenant"],
                attempt=family.parent["attempt"],
                command=CommandName.WAIVE,
                issued_at=self._clock(),
                sequence=family.decided.waivers,
                reason=reason,
                rows=waiver.rows,
                records=None if waiver.named is None else carried(waiver.named),
            )
            await self._decisions.waive(family.decided, event, traceparent=traceparent)
            self._announce()
            _log.info("rows_waived", rows=waiver.rows)
        return Waived(task_id, waiver.rows)


def parse_form(body: bytes) -> WaiverForm:
    """The request's body.

    Raises:
        ProblemError: it is no waiver; the detail says what was expected.
    """
    try:
        form = WaiverForm.model_validate_json(body)
    except ValidationError as error:
        first: Any = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise _invalid(field=field, what=f"{field or 'body'}: {first['msg']}") from None
    if isinstance(form.rows, list) and (not form.rows or min(form.rows) < 1 or max(form.rows) >= 2**63):
        raise _invalid(field="rows", what="rows: record numbers are whole numbers from 1")
    return form


def _invalid(*, field: str | None, what: str) -> ProblemError:
    detail = f'{what}. Send JSON such as {{"rows": "all", "reason": "…"}} or {{"rows": [3, 77], "reason": "…"}}.'
    return ProblemError(ProblemKind.INVALID_FIELD, detail, field=field)
