"""The fold: the events of a task, in any order and any number of copies, become the rows that are shown of it.

An attempt's **shown** event is the furthest one: the highest rank; among ends the highest precedence; then the highest
sequence. A task shows its highest attempt. Every field has one source, so no event can take back what another said:

    field                                             source
    ------------------------------------------------  --------------------------------------------------------------
    id, task_id                                       the task id itself
    tenant                                            FileUploaded; until it is there, the shown event
    user_id, datasource_name, original_filename,      FileUploaded
    file_uri, mode, created_at (accepted_at)
    file_size                                         FileUploaded; where it does not say (upstream), FileValidated
    attempt                                           the highest of any event
    status, updated_at                                the shown event
    status_reason                                     the shown TaskUpdated
    started_at                                        the earliest TaskUpdated VALIDATING
    completed_at                                      the shown event, if it is an end
    error_message, validation_errors                  the shown event, if it is FAILED or REJECTED
    ledger, row_count                                 the shown event, if it is an end
    rows_so_far                                       the furthest TaskUpdated that has it
    rows_read, rows_rejected, report_key, rejects_key FileValidated; where there is none, TaskUpdated REJECTED
    rows_accepted, time_min, time_max                 FileValidated
    druid_task_id                                     DruidSubmitted
    contract_version                                  FileUploaded; where it does not say (upstream), FileValidated;
                                                      until it is there, TaskUpdated VALIDATING; null for none
    states                                            the first event of each state and reason of the shown attempt
    corrects                                          FileUploaded
    rejected_records, corrected_records               FileValidated
    rows_waived, waived_records                       every TaskCommand `waive`, of any attempt, together
    stop_after                                        FileUploaded
    plan, duplicate_of, undone                        the shown event, if it is an end
    spec_key                                          DruidSubmitted
    undoes                                            TaskCommand `undo`; of such a task, which has no FileUploaded,
                                                      also tenant, user_id, datasource_name and created_at
    verified                                          the last TaskUpdated that counted again; it moves no state

All other sources but FileUploaded belong to the same attempt. FileUploaded may be missing for a while, or come last.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import zip_longest
from typing import Any, TypeGuard, TypeVar

from services.projector.shown import AttemptRow, Projection, TaskRow
from shared import ids
from shared.event_model import Model
from shared.events import (
    NO_CONTRACT,
    AnyEvent,
    CommandName,
    DatasourceUpdated,
    DruidSubmitted,
    FileUploaded,
    FileValidated,
    Ledger,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
    event_time,
)
from shared.record_set import RecordSet

INTEGER_MAX = 2**31 - 1
_PARKED = "parked"  # what `shared/kafka/consumer.py` says of a task whose record it has parked

StateEvent = TaskEvent
"""Of commands only `undo` is among them: it begins a task."""
E = TypeVar("E", FileUploaded, FileValidated, DruidSubmitted, TaskUpdated, TaskCommand)


def is_shown(event: AnyEvent) -> TypeGuard[TaskEvent]:
    """Whether the event says anything that is shown of its task; one of a datasource has none."""
    if isinstance(event, DatasourceUpdated):
        return False
    return not isinstance(event, TaskCommand) or event.command in {CommandName.WAIVE, CommandName.UNDO}


def moves_state(event: TaskEvent) -> bool:
    """Whether the event says that its task is in a state: a waiver does not, and neither does a later count."""
    match event:
        case TaskCommand():
            return event.command is CommandName.UNDO
        case TaskUpdated():
            return event.verified is None
        case _:
            return True


def has_state(events: Iterable[TaskEvent]) -> bool:
    """Whether there is a state to show: waivers alone say of none."""
    return any(map(moves_state, events))


def can_be_told(task: TaskRow) -> bool:
    """Whether listeners can be told of a task's events: it is known which datasource they are about.

    Only what begins a task says that, and it may be read last. Of a task with a record that nobody could read it may
    never be known.
    """
    return task.datasource_name is not None or task.status_reason == _PARKED


def project(task_id: str, events: Iterable[TaskEvent]) -> Projection:
    """Fold the events of one task.

    Args:
        task_id: whose events they are.
        events: at least one that moves the state; order and copies do not matter. Should two events with one id differ,
            the earlier counts, by its own time.

    Raises:
        ValueError: if `task_id` is none, or there is nothing to show.
    """
    all_known = _without_copies(event for event in events if is_shown(event))
    known = [event for event in all_known if moves_state(event)]
    others = [event for event in all_known if not moves_state(event)]
    if not known:
        msg = f"there is no event to show of task {task_id}"
        raise ValueError(msg)
    numbers = sorted({event.attempt for event in known})
    attempts = [_Attempt(number, [event for event in known if event.attempt == number]) for number in numbers]
    begins = min(_only(FileUploaded, known), key=lambda upload: upload.attempt, default=None)
    return Projection(
        task=_task_row(task_id, begins or next(iter(_only(TaskCommand, known)), None), attempts[-1], others),
        attempts=tuple(_attempt_row(task_id, attempt) for attempt in attempts),
    )


def status_of(event: StateEvent) -> TaskStatus:
    """The state that an event says its task is in."""
    match event:
        case FileUploaded() | TaskCommand():
            return TaskStatus.PENDING
        case FileValidated():
            return TaskStatus.VALIDATED
        case DruidSubmitted():
            return TaskStatus.SUBMITTED
        case TaskUpdated():
            return event.status


class _Attempt:
    """The events of one attempt, and what each field takes from them."""

    def __init__(self, number: int, events: list[StateEvent]) -> None:
        self.number = number
        self._events = events
        self.shown = max(events, key=_standing)
        self.status = status_of(self.shown)
        self.validated = next(iter(_only(FileValidated, events)), None)
        self.submitted = next(iter(_only(DruidSubmitted, events)), None)
        self._updates = _only(TaskUpdated, events)

    @property
    def verdict(self) -> FileValidated | TaskUpdated | None:
        """Who counted the file's rows."""
        return self.validated or self._furthest(lambda update: update.status is TaskStatus.REJECTED)

    @property
    def shown_update(self) -> TaskUpdated | None:
        return self.shown if isinstance(self.shown, TaskUpdated) else None

    @property
    def failure(self) -> TaskUpdated | None:
        return self.shown_update if self.status in {TaskStatus.FAILED, TaskStatus.REJECTED} else None

    @property
    def error_message(self) -> str | None:
        if self.failure is None:
            return None
        return self.failure.problems[0].message if self.failure.problems else self.failure.reason

    @property
    def validating(self) -> TaskUpdated | None:
        """The earliest word that the file is judged."""
        validating = (update for update in self._updates if update.status is TaskStatus.VALIDATING)
        return min(validating, key=_age, default=None)

    @property
    def started_at(self) -> datetime | None:
        return self.validating.occurred_at if self.validating else None

    @property
    def ended_at(self) -> datetime | None:
        return event_time(self.shown) if self.status.is_end else None

    @property
    def states(self) -> list[dict[str, Any]]:
        """Every state that was entered, and every reason to be in it: when, why and for how many seconds.

        They are in the order in which an attempt passes them. The last has no `seconds`. Clocks of services differ a
        little: what would be below zero is zero. With SUBMITTED stands what was noticed then, if anything was.
        """
        first: dict[tuple[TaskStatus, str | None], StateEvent] = {}
        for event in sorted(self._events, key=_standing):
            first.setdefault((status_of(event), _code_of(event)), event)
        entered = list(first.values())
        return [
            {
                "status": status_of(event).value,
                "at": event_time(event).isoformat(),
                "reason": event.reason if isinstance(event, TaskUpdated) else None,
                "seconds": _seconds(event, later),
                **_noticed(event),
            }
            for event, later in zip_longest(entered, entered[1:])
        ]

    @property
    def end(self) -> TaskUpdated | None:
        return self.shown_update if self.status.is_end else None

    @cached_property
    def ledger(self) -> Ledger | None:
        return self.end.ledger if self.end is not None else None

    @property
    def rows_so_far(self) -> int | None:
        furthest = self._furthest(lambda update: update.rows_so_far is not None)
        return furthest.rows_so_far if furthest is not None else None

    def _furthest(self, wanted: Callable[[TaskUpdated], bool]) -> TaskUpdated | None:
        return max(filter(wanted, self._updates), key=_standing, default=None)


def _task_row(
    task_id: str, begin: FileUploaded | TaskCommand | None, attempt: _Attempt, others: Sequence[TaskEvent]
) -> TaskRow:
    uploaded = begin if isinstance(begin, FileUploaded) else None
    undo = begin if isinstance(begin, TaskCommand) else None
    waivers, end = _only(TaskCommand, others), attempt.end
    validated, verdict, update, failure = attempt.validated, attempt.verdict, attempt.shown_update, attempt.failure
    sizes = (event.file_size for event in (uploaded, validated) if event is not None)
    return TaskRow(
        id=ids.task_uuid_of(task_id),
        task_id=task_id,
        tenant=(begin or attempt.shown).tenant,
        user_id=begin.user_id if begin else None,
        datasource_name=begin.datasource_name if begin else None,
        original_filename=uploaded.original_filename if uploaded else None,
        file_uri=uploaded.file_uri if uploaded else None,
        status=attempt.status.value,
        status_reason=update.reason if update else None,
        attempt=attempt.number,
        druid_task_id=attempt.submitted.druid_task_id if attempt.submitted else None,
        created_at=event_time(begin) if begin else None,
        updated_at=event_time(attempt.shown),
        started_at=attempt.started_at,
        completed_at=attempt.ended_at,
        error_message=attempt.error_message,
        validation_errors=[one.model_dump(mode="json") for one in failure.problems] or None if failure else None,
        file_size=next((size for size in sizes if size is not None), None),
        row_count=_as_integer(attempt.ledger.rows_counted if attempt.ledger else None),
        mode=uploaded.options.mode.value if uploaded else None,
        rows_read=verdict.rows_read if verdict else None,
        rows_accepted=validated.rows_accepted if validated else None,
        rows_rejected=verdict.rows_rejected if verdict else None,
        rows_so_far=attempt.rows_so_far,
        ledger=_as_json(attempt.ledger),
        report_key=verdict.report_key if verdict else None,
        rejects_key=verdict.rejects_key if verdict else None,
        time_min=validated.time_min if validated else None,
        time_max=validated.time_max if validated else None,
        states=attempt.states,
        contract_version=_contract_version(uploaded, attempt),
        corrects=uploaded.correction.parent_task_id if uploaded and uploaded.correction else None,
        rejected_records=validated.rejected_records if validated else None,
        corrected_records=validated.corrected_records if validated else None,
        rows_waived=sum(waiver.rows or 0 for waiver in waivers) if waivers else None,
        waived_records=_waived_records(waivers),
        stop_after=uploaded.options.stop_after if uploaded else None,
        plan=_as_json(end.plan if end else None),
        spec_key=attempt.submitted.spec_key if attempt.submitted else None,
        duplicate_of=end.duplicate_of if end else None,
        undoes=undo.undoes if undo else None,
        undone=_as_json(end.undone if end else None),
        verified=_as_json(_last_count(attempt.number, others)),
    )


def _contract_version(uploaded: FileUploaded | None, attempt: _Attempt) -> int | None:
    if uploaded is not None and uploaded.contract_version is not None:
        return uploaded.contract_version if uploaded.contract_version != NO_CONTRACT else None
    judged = attempt.validated or attempt.validating
    return judged.contract_version if judged else None


def _attempt_row(task_id: str, attempt: _Attempt) -> AttemptRow:
    return AttemptRow(
        task_id=task_id,
        attempt=attempt.number,
        status=attempt.status.value,
        druid_task_id=attempt.submitted.druid_task_id if attempt.submitted else None,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        error_message=attempt.error_message,
        ledger=_as_json(attempt.ledger),
    )


def _waived_records(waivers: Iterable[TaskCommand]) -> str | None:
    """The records that waivers have named, together; a text that is no list of records names none."""
    named = RecordSet()
    for waiver in waivers:
        with suppress(ValueError):
            named |= RecordSet.parse(waiver.records or "")
    return str(named) or None


def _without_copies(events: Iterable[TaskEvent]) -> list[TaskEvent]:
    first: dict[uuid.UUID, TaskEvent] = {}
    for event in events:
        kept = first.get(event.event_id)
        if kept is None or _age(event) < _age(kept):
            first[event.event_id] = event
    return list(first.values())


def _code_of(event: StateEvent) -> str | None:
    """The code of a reason, as in `order: behind task X`; a progress report without one goes on with its state."""
    return event.reason.partition(":")[0] if isinstance(event, TaskUpdated) and event.reason else None


def _seconds(event: StateEvent, later: StateEvent | None) -> float | None:
    if later is None:
        return None
    return max(0.0, round((event_time(later) - event_time(event)).total_seconds(), 3))


def _noticed(event: StateEvent) -> dict[str, Any]:
    """What was noticed when the state was entered; nothing where nothing was."""
    noticed = event.notices if isinstance(event, DruidSubmitted) else ()
    return {"notices": [one.model_dump(mode="json") for one in noticed]} if noticed else {}


def _age(event: TaskEvent) -> tuple[datetime, str]:
    return event_time(event), event.model_dump_json()


def _standing(event: StateEvent) -> tuple[int, int, int, datetime, uuid.UUID]:
    """How far an event is; its time and id only decide between events that no service emits for the same step."""
    status = status_of(event)
    return status.rank, status.precedence, event.order, event_time(event), event.event_id


def _only(kind: type[E], events: Iterable[StateEvent]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _last_count(attempt: int, events: Iterable[TaskEvent]) -> Ledger | None:
    counts = [one for one in _only(TaskUpdated, events) if one.attempt == attempt]
    return max(counts, key=_standing).verified if counts else None


def _as_json(told: Model | None) -> dict[str, Any] | None:
    return told.model_dump(mode="json", exclude_none=True) if told is not None else None


def _as_integer(count: int | None) -> int | None:
    """The count if the column, an INTEGER since the first release, can hold it; the ledger has it in any case."""
    return count if count is not None and count <= INTEGER_MAX else None
