"""The query of an address: which parameters there may be, each once, in UTF-8."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from services.gateway.problems import ProblemError, ProblemKind


def parameters(query: bytes, known: Collection[str]) -> dict[str, bytes]:
    """The parameters by name, as they were sent.

    Raises:
        ProblemError: there is one that is not known (a typing error would be an option that is not heeded), or twice.
    """
    found: dict[str, bytes] = {}
    # One character for each byte, so that what is not UTF-8 can be told.
    for raw, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"):
        name = raw.encode("latin-1").decode("utf-8", "replace")
        if name not in known:
            detail = f"The query has a parameter {name[:100]!r}; known are {', '.join(known)}."
            raise ProblemError(ProblemKind.UNKNOWN_FIELD, detail, field=name[:100])
        if name in found:
            raise ProblemError(ProblemKind.REPEATED_FIELD, f"The query has {name} twice.", field=name)
        found[name] = value.encode("latin-1")
    return found


def text(name: str, value: bytes) -> str:
    """A parameter's text.

    Raises:
        ProblemError: it is not UTF-8.
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ProblemError(ProblemKind.INVALID_FIELD, f"The field {name} is not UTF-8 text.", field=name) from None
