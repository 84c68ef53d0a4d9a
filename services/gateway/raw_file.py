"""A file that is a request's whole body; what else an upload says stands in the query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from services.gateway.digests import Digests, digests_of
from services.gateway.fields import UPLOAD, UploadForm, check_size, form_of, parse_field
from services.gateway.problems import ProblemError, ProblemKind

FILENAME = "filename"


@dataclass(frozen=True)
class RawFile:
    """What is known of the file before its first byte."""

    form: UploadForm
    filename: str | None
    digests: Digests


def raw_file(query: bytes, headers: Mapping[str, str]) -> RawFile:
    """What the query and the header fields say.

    Raises:
        ProblemError: they cannot be used; the detail says what was expected.
    """
    _check(headers)
    found = _parameters(query, (FILENAME, *UPLOAD.fields))
    filename = found.pop(FILENAME, None)
    for name, value in found.items():
        check_size(name, len(value))
    form = form_of({name: parse_field(name, value) for name, value in found.items()})
    return RawFile(form, None if filename is None else _text(FILENAME, filename), digests_of(headers))


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what would make the file another one than its sender means."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        detail = (
            f"The Content-Encoding is {coding[:40]!r}, and bodies are taken as they are. Send a compressed file "
            "without that header: gzip, zstd, bzip2 and xz are known by their content."
        )
        raise ProblemError(ProblemKind.CONTENT_CODING, detail, headers={"Accept-Encoding": "identity"})
    if "content-range" in headers:  # RFC 9110, 14.5: a part must not be taken for the whole
        detail = "A Content-Range names a part of a file, and this takes whole ones only."
        raise ProblemError(ProblemKind.BAD_REQUEST, detail)
    if headers.get("content-type", "").lower().startswith("multipart/form-data"):
        detail = "The body of a PUT is the file itself, and this one is a form: send it with POST."
        raise ProblemError(ProblemKind.NOT_RAW, detail)


def _parameters(query: bytes, known: Collection[str]) -> dict[str, bytes]:
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


def _text(name: str, value: bytes) -> str:
    """A parameter's text.

    Raises:
        ProblemError: it is not UTF-8.
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ProblemError(ProblemKind.INVALID_FIELD, f"The field {name} is not UTF-8 text.", field=name) from None
