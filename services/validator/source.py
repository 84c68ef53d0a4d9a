"""Whether the file that an event names may be fetched at all, decided before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from shared.datasource_name import problem_with
from shared.events import FileUploaded, Problem
from shared.storage.port import parse_uri


@dataclass(frozen=True)
class Source:
    """An object that may be read."""

    bucket: str
    key: str


def permitted(event: FileUploaded, allowed_buckets: frozenset[str]) -> Source | Problem:
    """The object behind `file_uri`, or why it will not be fetched.

    Upstream systems write what they like: the name of the datasource and the address are judged here, not trusted.
    """
    against = problem_with(event.datasource_name)
    if against:
        return Problem(
            code="datasource_name_invalid",
            message=f"the datasource name {against}; send the file again under another name",
            detail={"datasource_name": event.datasource_name},
        )
    try:
        bucket, key = parse_uri(event.file_uri)
    except ValueError as error:
        return Problem(code="file_uri_invalid", message=f"{error}", detail={"file_uri": event.file_uri})
    if bucket not in allowed_buckets:
        return Problem(
            code="forbidden_source",
            message=f"files may not be read from the bucket {bucket!r}; ask for it to be allowed, or upload the file",
            detail={"file_uri": event.file_uri},
        )
    return Source(bucket, key)
