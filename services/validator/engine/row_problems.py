"""What is wrong with the rows: exact totals per rule and column, each with a few samples."""

from __future__ import annotations

from collections.abc import Iterator

from .block import Place, RowError
from .document import FoundProblem, Sample
from .frictionless import frictionless_name

_VALUE_CHARS = 200
# A file may have thousands of columns, and every one its own fault.
_MAX_SAMPLES_IN_ALL = 1_000

Kind = tuple[str, str | None, str | None]
"""Rule, column, and the check or rule of a contract."""


class RowProblems:
    """Counts every bad row; keeps `max_samples` of each rule and column, and 1,000 in all."""

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._left = _MAX_SAMPLES_IN_ALL
        self._counts: dict[Kind, int] = {}
        self._samples: dict[Kind, list[Sample]] = {}

    def add(self, place: Place, error: RowError) -> None:
        """Take one bad row. A fault of the whole record shows the record's text as its value."""
        kind = (str(error.code), error.column, error.constraint)
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count > self._max_samples or not self._left:
            return
        self._left -= 1
        value = place.raw if error.value is None else error.value
        sample = Sample(
            **({} if place.member is None else {"member": place.member}),
            record=place.record,
            line=place.line,
            value=value[:_VALUE_CHARS],
            message=error.message,
            suggestion=error.suggestion,
        )
        self._samples.setdefault(kind, []).append(sample)

    def add_alike(self, found: Iterator[tuple[Place, RowError]], like: RowError, count: int) -> None:
        """Take `count` bad rows whose faults are of one kind; of `found` no more are asked for than are shown."""
        kind = (str(like.code), like.column, like.constraint)
        taken = 0
        while self._left and self._counts.get(kind, 0) < self._max_samples and taken < count:
            self.add(*next(found))
            taken += 1
        self._counts[kind] = self._counts.get(kind, 0) + count - taken

    def causes(self) -> list[tuple[str, str | None, int]]:
        """Rule, column and number of rows, the most frequent first."""
        ordered = sorted(self._counts.items(), key=lambda item: -item[1])
        return [(rule, column, count) for (rule, column, _), count in ordered]

    def found(self) -> tuple[FoundProblem, ...]:
        """One problem per rule, column and check, the most frequent first, equals in the order of the file."""
        return tuple(
            FoundProblem(
                **({} if kind[2] is None else {"constraint": kind[2]}),
                rule=kind[0],
                frictionless=frictionless_name(kind[0]),
                column=kind[1],
                count=count,
                samples=tuple(self._samples.get(kind, ())),
            )
            for kind, count in sorted(self._counts.items(), key=lambda item: -item[1])
        )
