"""The digests that a sender names of what it sends: RFC 9530, with the syntax of RFC 8941. Pure.

Of a body that is sent as it is, content and representation are the same bytes, so both fields mean the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.problems import ProblemError, ProblemKind

FIELDS = ("Content-Digest", "Repr-Digest")
WANTED = {"Want-Content-Digest": "sha-256=10, sha-512=9"}
"""What an answer says to who has named digests of other algorithms only."""
# The algorithms that its registry calls active; others are not heeded, as the RFC allows.
_SIZES = {"sha-256": 32, "sha-512": 64}
_MEMBER = re.compile(r"[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):(?:;[^,]*)?[ \t]*")


@dataclass(frozen=True)
class Digest:
    """A digest that the body must have; `field` is the header that has named it."""

    field: str
    algorithm: str
    value: bytes


class Digests:
    """Holds a body against what was said of it. `are_unheeded`: some were named, and none that is known."""

    def __init__(self, expected: Sequence[Digest] = (), *, are_unheeded: bool = False) -> None:
        self.are_unheeded = are_unheeded
        self._expected = expected
        self._sha512 = hashlib.sha512() if any(one.algorithm == "sha-512" for one in expected) else None

    def update(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if self._sha512 is not None:
            self._sha512.update(data)

    def verify(self, sha256: str) -> None:
        """Compare; the SHA-256 of the body comes in hexadecimal, because it is known anyway.

        Raises:
            ProblemError: the body is another one.
        """
        found = {"sha-256": bytes.fromhex(sha256)}
        if self._sha512 is not None:
            found["sha-512"] = self._sha512.digest()
        for one in self._expected:
            if not hmac.compare_digest(found[one.algorithm], one.value):
                detail = (
                    f"The {one.algorithm} of the {one.field} is :{_text(one.value)}:, and that of the bytes that "
                    f"arrived is :{_text(found[one.algorithm])}:. Nothing was accepted: send the file again."
                )
                raise ProblemError(ProblemKind.DIGEST_MISMATCH, detail, field=one.field)


def digests_of(headers: Mapping[str, str]) -> Digests:
    """What the header fields say; several lines of one field are joined by commas.

    Raises:
        ProblemError: a field cannot be read. It is not passed over: its sender relies on it.
    """
    expected: list[Digest] = []
    named = False
    for field in FIELDS:
        said = headers.get(field.lower())
        if said is not None:
            named = True
            expected += _members(field, said)
    return Digests(expected, are_unheeded=named and not expected)


def _members(field: str, said: str) -> list[Digest]:
    found: dict[str, Digest] = {}  # of members of the same name the last one counts
    for member in said.split(","):
        match = _MEMBER.fullmatch(member)
        if match is None:
            raise _invalid(field, f"{member.strip()[:100]!r} is none")
        algorithm = match[1]
        if algorithm in _SIZES:
            found[algorithm] = Digest(field, algorithm, _value(field, algorithm, match[2]))
    return list(found.values())


def _value(field: str, algorithm: str, text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _invalid(field, f"the {algorithm} is no base64") from None
    if len(value) != _SIZES[algorithm]:
        raise _invalid(field, f"the {algorithm} has {len(value)} bytes instead of {_SIZES[algorithm]}")
    return value


def _invalid(field: str, what: str) -> ProblemError:
    detail = (
        f"The header {field} has digests such as sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:, but {what}."
    )
    return ProblemError(ProblemKind.INVALID_DIGEST, detail, field=field)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
