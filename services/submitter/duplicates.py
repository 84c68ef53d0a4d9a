"""Are these bytes in the datasource already? Decided on the turns of its line that have the same content.

Pure. The same content is the same digest of the file, judged by the same version of the contract. What counts is
whether its rows are there: a load that failed, was cancelled or was taken back has left none, and a later replace has
wiped them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.events import FileValidated, LoadMode, Problem, TaskStatus

LOAD = "load"


@dataclass(frozen=True)
class Twin:
    """A turn of the same line and the same content that has ended; `loaded` if its rows are in Druid then."""

    task_id: str
    place: tuple[datetime, str]
    ended_at: datetime
    loaded: bool


@dataclass(frozen=True)
class Duplicate:
    """The rows are there, loaded by `of`."""

    of: str


def concerns(event: FileValidated) -> bool:
    """Whether a load has to be compared at all: a replace, or what was said to be loaded in any case, has not."""
    loads_anyway = event.options.force or (event.loading is not None and event.loading.duplicates == LOAD)
    return event.options.mode is LoadMode.APPEND and event.source_sha256 is not None and not loads_anyway


def look(twins: Iterable[Twin], *, wiped_at: datetime | None) -> Duplicate | None:
    """The first of a load's twins whose rows are there. One that is under way was waited for: see `order`.

    Args:
        twins: those of the same line that have ended.
        wiped_at: the end of the latest replace of the line: nothing runs beside it, so what ended before is gone.
    """
    for twin in sorted(twins, key=lambda twin: twin.place):
        if twin.loaded and (wiped_at is None or twin.ended_at >= wiped_at):
            return Duplicate(twin.task_id)
    return None


def is_loaded(ended_as: str | None, undone_by: str | None) -> bool:
    """Whether a task that ended so has its rows in Druid."""
    return ended_as == TaskStatus.COMPLETED and undone_by is None


def problem(datasource: str, duplicate: Duplicate) -> Problem:
    """What is told of a duplicate."""
    message = (
        f"These bytes were loaded into {datasource!r} before, by task {duplicate.of}, so nothing was loaded. To add "
        "the rows once more, send the file with force (`ingest put --force`); to take the place of what is there, "
        "send it with mode replace."
    )
    return Problem(code="duplicate", message=message, detail={"duplicate_of": duplicate.of})
