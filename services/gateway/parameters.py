"""The parameters of an address, each known to its page and said once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from services.gateway.problems import ProblemError, ProblemKind
from shared.datasource_name import problem_with

MAX_CHARACTERS = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def read_parameters(said: Iterable[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """The parameters by name; one without a value counts as left out.

    Raises:
        ProblemError: one is not known, said twice, longer than 1,024 characters or has a control character.
    """
    found: dict[str, str] = {}
    for name, value in said:
        if name not in known:
            detail = f"The address has a parameter {name[:100]!r}; this page takes {', '.join(known)}."
            raise ProblemError(ProblemKind.UNKNOWN_PARAMETER, detail, field=name[:100])
        if name in found:
            raise invalid(name, "stands there twice; say it once")
        if len(value) > MAX_CHARACTERS:
            raise invalid(name, f"has {len(value)} characters, and {MAX_CHARACTERS} are allowed")
        if _CONTROL.search(value):
            raise invalid(name, "contains a control character")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def number_of(name: str, value: str | None, *, default: int, most: int) -> int:
    """A whole number from 1.

    Raises:
        ProblemError: it is none, or more than `most`.
    """
    if value is None:
        return default
    if not _NUMBER.fullmatch(value) or not 1 <= int(value) <= most:
        raise invalid(name, f"is {value[:40]!r}, and must be a whole number from 1 to {most}")
    return int(value)


def datasource_of(name: str, value: str | None) -> str | None:
    """The name of a datasource.

    Raises:
        ProblemError: no datasource can have it.
    """
    fault = problem_with(value) if value is not None else None
    if fault:
        raise invalid(name, f"names no datasource: it {fault}")
    return value


def invalid(name: str, what: str) -> ProblemError:
    """The answer to a parameter with a value that cannot be used."""
    return ProblemError(ProblemKind.INVALID_PARAMETER, f"The parameter {name} {what}.", field=name)
