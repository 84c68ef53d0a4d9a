"""A request, and the answer to an upload, without HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.gateway.callers import Caller
from services.gateway.multipart import FormReader, MalformedFormError, NotMultipartError, boundary_of
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.raw_file import RawFile
from shared import ids

_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


@dataclass(frozen=True, kw_only=True)
class BodyRequest:
    """A request with a body, without HTTP."""

    body: AsyncIterator[bytes]
    content_type: str


@dataclass(frozen=True, kw_only=True)
class UploadRequest(BodyRequest):
    """A file to load; `corrects` is the task whose rejected rows it corrects.

    `raw` is what is known of a file that is the whole body; None for one in a form.
    """

    task_id: str
    caller: Caller
    content_length: int | None = None
    traceparent: str | None = None
    corrects: str | None = None
    raw: RawFile | None = None


@dataclass(frozen=True)
class Accepted:
    """A file that will be ingested; `replayed` when an earlier request with the same key had been accepted.

    `contract_version` judges it; None when the datasource has no contract.
    """

    task_id: str
    datasource_name: str
    original_filename: str | None
    file_size: int
    sha256: str
    contract_version: int | None
    replayed: bool = False


def task_id_for(tenant: str, idempotency_key: str | None) -> str:
    """The task of a tenant's request: always the same one for a key, a new one without.

    Raises:
        ProblemError: the key cannot be used.
    """
    if idempotency_key is None:
        return ids.fresh_task_id()
    if not _KEY.match(idempotency_key):
        detail = "An Idempotency-Key is 1 to 255 visible ASCII characters without spaces, a UUID for example."
        raise ProblemError(ProblemKind.INVALID_KEY, detail)
    return ids.idempotent_task_id(tenant=tenant, idempotency_key=idempotency_key)


def reader_of(content_type: str) -> FormReader:
    """The reader for a body of this type.

    Raises:
        ProblemError: it is no form.
    """
    try:
        return FormReader(boundary_of(content_type))
    except NotMultipartError as error:
        detail = f"Send a multipart/form-data body with its boundary; {error}."
        raise ProblemError(ProblemKind.NOT_MULTIPART, detail) from error
    except MalformedFormError as error:
        raise ProblemError(ProblemKind.MALFORMED_BODY, f"The form cannot be read: {error}.") from error
