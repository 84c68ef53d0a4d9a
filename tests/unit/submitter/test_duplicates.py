"""When bytes are a duplicate: a table of what stands in the line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.submitter.duplicates import Duplicate, Twin, concerns, is_loaded, look, problem
from shared.events import FileValidated, LoadMode, LoadOptions, TaskStatus
from shared.loading import Loading
from tests.contracts.golden import all_golden

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def twin(name: str, minutes: int, *, ended: int, loaded: bool = False) -> Twin:
    return Twin(name, (at(minutes), name), at(ended), loaded)


LOADED, LATER = twin("a", 1, ended=5, loaded=True), twin("b", 2, ended=6, loaded=True)
FAILED = twin("c", 3, ended=7)


@pytest.mark.parametrize(
    ("twins", "wiped_at", "said"),
    [
        ((), None, None),
        ((LATER, LOADED), None, Duplicate("a")),
        ((FAILED,), None, None),
        ((FAILED, LOADED), None, Duplicate("a")),
        ((LOADED, LATER), at(6), Duplicate("b")),  # it is the replace itself: its rows are there
        ((LOADED,), at(6), None),
    ],
)
def test_what_the_twins_say(twins: tuple[Twin, ...], wiped_at: datetime | None, said: Duplicate | None) -> None:
    assert look(twins, wiped_at=wiped_at) == said


@pytest.mark.parametrize("status", TaskStatus)
def test_only_a_completed_load_that_was_not_taken_back_has_rows(status: TaskStatus) -> None:
    assert is_loaded(status.value, None) == (status is TaskStatus.COMPLETED)
    assert not is_loaded(status.value, "undo")


def validated(**changes: object) -> FileValidated:
    golden = next(one for one in all_golden() if one.kind == FileValidated.event_type)
    event = golden.read().event
    assert isinstance(event, FileValidated)
    return event.model_copy(update={"source_sha256": "5" * 64, "options": LoadOptions(), **changes})


def test_a_replace_a_forced_load_and_an_unknown_digest_are_not_compared() -> None:
    assert concerns(validated())
    assert not concerns(validated(options=LoadOptions(mode=LoadMode.REPLACE)))
    assert not concerns(validated(options=LoadOptions(force=True)))
    assert not concerns(validated(source_sha256=None))


def test_the_datasource_says_what_becomes_of_duplicates() -> None:
    assert concerns(validated(loading=Loading()))
    assert not concerns(validated(loading=Loading(duplicates="load")))


def test_the_problem_names_the_task_and_what_to_do() -> None:
    told = problem("flights", Duplicate("T" * 22))
    assert (told.code, told.detail) == ("duplicate", {"duplicate_of": "T" * 22})
    assert "T" * 22 in told.message
    assert "force" in told.message
