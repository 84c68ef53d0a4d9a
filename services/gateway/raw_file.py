"""A file that is a request's whole body; what else an upload says stands in the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.digests import Digests, digests_of
from services.gateway.fields import UPLOAD, UploadForm, check_size, form_of, parse_field
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.queries import parameters, text

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
    found = parameters(query, (FILENAME, *UPLOAD.fields))
    filename = found.pop(FILENAME, None)
    for name, value in found.items():
        check_size(name, len(value))
    form = form_of({name: parse_field(name, value) for name, value in found.items()})
    return RawFile(form, None if filename is None else text(FILENAME, filename), digests_of(headers))


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
