"""Which version of a contract a new one may follow: what a caller says in `If-Match`, and what comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

Form = Literal["yaml", "json"]
ANY = "*"

_ETAG = re.compile(r'(W/)?"([^"]*)"')
_OURS = re.compile(r"([1-9][0-9]{0,9})-(?:yaml|json)", re.ASCII)


class MalformedPreconditionError(ValueError):
    """A header is no list of ETags."""


@dataclass(frozen=True)
class Precondition:
    """What must hold before a version is added.

    Args:
        follows: the versions that the new one may follow, of which one must be the latest; None when nothing was said.
        any_version: it may follow any version, and there must be one.
        only_first: it must be the first.
    """

    follows: frozenset[int] | None = None
    any_version: bool = False
    only_first: bool = False


class Decision(Enum):
    """What comes of a contract that was sent."""

    ADD = auto()
    SAME_AS_LATEST = auto()
    VERSION_REQUIRED = auto()
    VERSION_CHANGED = auto()


def etag_of(version: int, form: Form) -> str:
    """The ETag of a version in one of its forms; the forms have different bytes, so each has its own."""
    return f'"{version}-{form}"'


def precondition_of(*, if_match: str | None, if_none_match: str | None) -> Precondition:
    """Read the two headers, by RFC 9110, 13.1.

    `If-Match` takes the ETag of either form. Of `If-None-Match` only `*` means something here; another value is no
    condition on a version that does not exist yet.

    Raises:
        MalformedPreconditionError: saying what was expected.
    """
    only_first = if_none_match is not None and if_none_match.strip() == ANY
    if if_match is None:
        return Precondition(only_first=only_first)
    if if_match.strip() == ANY:
        return Precondition(any_version=True, only_first=only_first)
    return Precondition(follows=frozenset(_versions(if_match)), only_first=only_first)


def decide(precondition: Precondition, *, latest: int, is_same: bool) -> Decision:
    """What to do with a contract.

    Args:
        precondition: what the caller said.
        latest: the latest version; 0 when there is none.
        is_same: whether the content is that of the latest version. Then nothing is to do, whatever was said: the
            request has been made before, and its answer was lost (RFC 9110, 13.1.1).
    """
    if latest and is_same:
        return Decision.SAME_AS_LATEST
    if precondition.only_first and latest:
        return Decision.VERSION_CHANGED
    if precondition.any_version:
        return Decision.ADD if latest else Decision.VERSION_CHANGED
    if precondition.follows is not None:
        return Decision.ADD if latest in precondition.follows else Decision.VERSION_CHANGED
    return Decision.VERSION_REQUIRED if latest else Decision.ADD


def _versions(header: str) -> list[int]:
    """The versions that a list of ETags means; a weak or foreign one is none of ours and never matches."""
    found = []
    for one in header.split(","):
        tag = _ETAG.fullmatch(one.strip())
        if tag is None:
            msg = f'If-Match has the ETag of a version, such as "3-yaml" with its quotes, not {one.strip()[:40]!r}'
            raise MalformedPreconditionError(msg)
        ours = _OURS.fullmatch(tag[2])
        if ours and not tag[1]:
            found.append(int(ours[1]))
    return found
