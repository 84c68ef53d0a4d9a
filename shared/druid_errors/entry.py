"""What an entry of the catalogue says, and where Druid says the text that it is recognised by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Place(StrEnum):
    """Where Druid said it."""

    SUBMISSION = "submission"
    """The answer to the POST of a task."""
    TASK = "task"
    """A failed task: its status, its report and the rows that the report shows, those of its sub-tasks too."""
    QUERY = "query"
    """The answer to SQL."""
    SAMPLER = "sampler"
    """The answer of the sampler, which reads the first rows of a spec's input."""
    MANAGEMENT = "management"
    """The answer to any other question to the coordinator or the overlord."""


class Fault(StrEnum):
    """Who can put it right."""

    FILE = "file"
    """Whoever has sent the file."""
    DATASOURCE = "datasource"
    """Whoever has defined the datasource."""
    DRUID = "druid"
    """Whoever runs Druid and the object store."""
    PLATFORM = "platform"
    """This platform, or whoever runs it."""
    NOBODY = "nobody"
    """Nobody has to: it passes."""
    UNKNOWN = "unknown"
    """The catalogue does not know the text."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One kind of failure.

    Attributes:
        code: its stable name, for programs.
        places: where Druid says it.
        patterns: regular expressions, one of which is found in Druid's text. `.` does not match the end of a line. A
            named group is a value that `cause` and `what_to_do` show; where a pattern lacks it, they say "(not told)".
        cause: what has happened, in plain words, with `{groups}` of the pattern.
        fault: who can put it right.
        what_to_do: by whom and how, likewise.
        safe_to_retry: the same load, sent again unchanged, can succeed, at once or when `what_to_do` is done, and
            nothing of it was loaded by what failed. Where rows may have got in all the same, a count decides first.
        example: what a real Druid 33.0.0 has said.
        provoked: a test provokes it on the real server. Otherwise the example is filled into the words of Druid's own
            source, because the failure takes away a server, or a setting that only its operator has.
    """

    code: str
    places: tuple[Place, ...]
    patterns: tuple[str, ...]
    cause: str
    fault: Fault
    what_to_do: str
    safe_to_retry: bool
    example: str
    provoked: bool = True
    compiled: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", tuple(re.compile(pattern) for pattern in self.patterns))


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An entry's words for one text of Druid's. `code` is None where the catalogue does not know the text.

    `druid_message` is that text, as it was given.
    """

    code: str | None
    cause: str
    whose_fault: Fault
    what_to_do: str
    safe_to_retry: bool
    druid_message: str
