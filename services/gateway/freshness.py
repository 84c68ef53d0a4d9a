"""Whether a caller has the newest form of a document, and how long it wants to wait for a newer one. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

LONGEST_WAIT = timedelta(seconds=60)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_WAIT = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?', re.ASCII | re.IGNORECASE)


def etag_of(body: bytes) -> str:
    """The ETag of a document: the same bytes always have the same."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def knows(if_none_match: str | None, etag: str) -> bool:
    """Whether the header `If-None-Match` names the ETag, by the weak comparison of RFC 9110, 13.1.2."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.strip('"') in _TAG.findall(if_none_match)


def wait_of(prefer: Sequence[str]) -> timedelta | None:
    """How long the headers `Prefer` want to wait, at most a minute; None where they do not say (RFC 7240, 4.3).

    A preference that cannot be understood is none, and of several the first counts (RFC 7240, 2).
    """
    for preference in ",".join(prefer).split(","):
        found = _WAIT.fullmatch(preference.split(";", maxsplit=1)[0].strip())
        if found:
            return min(timedelta(seconds=int(found[1])), LONGEST_WAIT)
    return None
