"""Which tasks are asked for: the parameters of the list, and the place where its next page begins. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.gateway.parameters import datasource_of, invalid, number_of, read_parameters
from shared import ids
from shared.events import TaskStatus

PARAMETERS = ("datasource", "status", "user", "q", "created_after", "limit", "cursor")
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"([0-9]{1,18})-(.{22})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """The last task of a page: the next one has what stands after it in the order of the list.

    `at` is the task's place in time (see `TaskListRows`).
    """

    at: datetime
    task_id: str

    @property
    def id(self) -> uuid.UUID:
        """What decides between tasks of the same microsecond."""
        return ids.task_uuid_of(self.task_id)

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.task_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that was written so.

        Raises:
            ValueError: it is none.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise ValueError(text)
        ids.task_uuid_of(found[2])
        try:
            return cls(_EPOCH + timedelta(microseconds=int(found[1])), found[2])
        except OverflowError as error:
            raise ValueError(text) from error


@dataclass(frozen=True, kw_only=True)
class TaskQuery:
    """What a listed task must be; what is None or empty asks for nothing.

    Args:
        datasource: its datasource, by its whole name.
        statuses: its state is one of them.
        user: who has sent it, as the caller said.
        text: stands in its file's name, its id or its error message, in capitals or not.
        created_after: it was accepted later than that, aware.
        limit: the most tasks of a page.
        after: the last task of the page before.
    """

    datasource: str | None = None
    statuses: tuple[TaskStatus, ...] = ()
    user: str | None = None
    text: str | None = None
    created_after: datetime | None = None
    limit: int = DEFAULT_LIMIT
    after: Cursor | None = None


def parse_task_query(said: Iterable[tuple[str, str]]) -> TaskQuery:
    """The query that the parameters of an address make.

    Raises:
        ProblemError: naming the parameter that is not known or cannot be used.
    """
    found = read_parameters(said, PARAMETERS)
    return TaskQuery(
        datasource=datasource_of("datasource", found.get("datasource")),
        statuses=_statuses("status", found.get("status")),
        user=found.get("user"),
        text=found.get("q"),
        created_after=_moment("created_after", found.get("created_after")),
        limit=number_of("limit", found.get("limit"), default=DEFAULT_LIMIT, most=MAX_LIMIT),
        after=_cursor("cursor", found.get("cursor")),
    )


def _statuses(name: str, value: str | None) -> tuple[TaskStatus, ...]:
    if value is None:
        return ()
    found = []
    for word in value.split(","):
        try:
            found.append(TaskStatus(word.strip().upper()))
        except ValueError:
            what = f"has {word.strip()[:40]!r}, and takes {', '.join(TaskStatus)}, or several with commas between them"
            raise invalid(name, what) from None
    return tuple(found)


def _moment(name: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(value), time(), tzinfo=UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        what = (
            f"is {value[:40]!r}, and must be a time as 2026-03-01T09:30:00Z, or a day as 2026-03-01, which begins at "
            "0:00 UTC; in an address write a + as %2B"
        )
        raise invalid(name, what) from None
    if moment.tzinfo is None:
        raise invalid(name, f"is {value[:40]!r}, which names no time zone: end it with Z for UTC")
    return moment


def _cursor(name: str, value: str | None) -> Cursor | None:
    if value is None:
        return None
    try:
        return Cursor.parse(value)
    except ValueError:
        raise invalid(name, "was not given by this page: follow `next`, or leave it out to begin anew") from None
