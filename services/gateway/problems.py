"""What can go wrong with a request, in the words of RFC 9457: a stable type, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:ingest:problem:"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: clients may rely on `slug` and `status`, the title is for people."""

    slug: str
    status: int
    title: str


class ProblemKind(Enum):
    """Every problem that the gateway reports."""

    NOT_MULTIPART = Kind("not-multipart", 415, "The body is no multipart form")
    MALFORMED_BODY = Kind("malformed-body", 400, "The form cannot be read")
    INCOMPLETE_BODY = Kind("incomplete-body", 400, "The form ends too early")
    MISSING_FIELD = Kind("missing-field", 422, "A field is missing")
    INVALID_FIELD = Kind("invalid-field", 422, "A field has a value that cannot be used")
    UNKNOWN_FIELD = Kind("unknown-field", 422, "The form has a field that is not known")
    UNKNOWN_PARAMETER = Kind("unknown-parameter", 422, "The address has a parameter that is not known")
    INVALID_PARAMETER = Kind("invalid-parameter", 422, "A parameter has a value that cannot be used")
    REPEATED_FIELD = Kind("repeated-field", 422, "The form has a field twice")
    EMPTY_FILE = Kind("empty-file", 422, "The file is empty")
    NOT_RAW = Kind("not-raw", 415, "The body is a form and not a file")
    CONTENT_CODING = Kind("content-coding", 415, "The body is encoded")
    INVALID_DIGEST = Kind("invalid-digest", 400, "A digest cannot be read")
    DIGEST_MISMATCH = Kind("digest-mismatch", 400, "The body does not have its digest")
    TOO_LARGE = Kind("too-large", 413, "The file is too large")
    TOO_SLOW = Kind("too-slow", 408, "The file did not arrive in time")
    BUSY = Kind("busy", 503, "Too many uploads at once")
    INVALID_KEY = Kind("invalid-idempotency-key", 400, "The Idempotency-Key cannot be used")
    KEY_REUSED = Kind("idempotency-key-reused", 422, "The Idempotency-Key stands for another upload")
    IN_FLIGHT = Kind("upload-in-flight", 409, "An upload with this Idempotency-Key is under way")
    NOT_CORRECTABLE = Kind("not-correctable", 409, "The rejected rows of the task cannot be decided about now")
    CORRECTION_IN_FLIGHT = Kind("correction-in-flight", 409, "A correction of the task is on its way")
    NOT_WAIVABLE = Kind("not-waivable", 409, "These records cannot be waived")
    NOT_CANCELLABLE = Kind("not-cancellable", 409, "The task cannot be cancelled now")
    NOT_RETRYABLE = Kind("not-retryable", 409, "The task cannot be tried again now")
    RETRY_IN_FLIGHT = Kind("retry-in-flight", 409, "Another retry of the task is on its way")
    NOT_VERIFIABLE = Kind("not-verifiable", 409, "The rows of the task cannot be counted again now")
    NO_REPORT = Kind("no-report", 409, "The task has no report")
    NO_REJECTS = Kind("no-rejects", 409, "The task has no rejected rows")
    NO_FILE = Kind("no-file", 409, "The task has no uploaded file")
    EXPIRED = Kind("expired", 410, "It is no longer kept")
    FORM_NOT_AVAILABLE = Kind("form-not-available", 406, "The rejected rows cannot be had in this form")
    NO_SPEC = Kind("no-spec", 409, "The task has no spec")
    NOT_UNDOABLE = Kind("not-undoable", 409, "There is no load of the task to take back")
    FORBIDDEN_ORIGIN = Kind("forbidden-origin", 403, "Requests from this web origin are not allowed")
    UNAUTHENTICATED = Kind("unauthenticated", 401, "The gateway does not know who you are")
    FORBIDDEN = Kind("forbidden", 403, "The credential does not allow that")
    FORBIDDEN_DATASOURCE = Kind("forbidden-datasource", 403, "The datasource is not yours to use")
    UNKNOWN_KEY = Kind("unknown-key", 404, "There is no such API key")
    KEY_ENDED = Kind("key-ended", 409, "The API key has ended")
    UNKNOWN_TASK = Kind("unknown-task", 404, "There is no such task")
    INVALID_CONTRACT = Kind("invalid-contract", 422, "The contract has faults")
    CONTRACT_TOO_LARGE = Kind("contract-too-large", 413, "The contract is too large")
    CONTRACT_TYPE = Kind("unsupported-contract-type", 415, "A contract comes as YAML or JSON")
    VERSION_REQUIRED = Kind("version-required", 428, "Say which version the contract follows")
    VERSION_CHANGED = Kind("version-changed", 412, "The contract follows another version than the latest")
    UNKNOWN_CONTRACT = Kind("unknown-contract", 404, "There is no such contract")
    NOT_ACCEPTABLE = Kind("not-acceptable", 406, "The answer cannot be had in that form")
    STORAGE_AWAY = Kind("storage-away", 503, "The object store is away")
    STORAGE_REFUSED = Kind("storage-refused", 503, "The object store refuses the gateway")
    DATABASE_AWAY = Kind("database-away", 503, "The database is away")
    NOT_FOUND = Kind("not-found", 404, "There is no such page")
    METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "The page does not take this method")
    BAD_REQUEST = Kind("bad-request", 400, "The request cannot be understood")
    INTERNAL = Kind("internal", 500, "The gateway has failed")


class ProblemError(Exception):
    """A request that cannot be served; becomes the answer.

    Args:
        kind: what is wrong.
        detail: what was seen, what was expected, what to do; no internals.
        field: the form's field that is meant.
        retry_after: when the same request may succeed.
        headers: further headers of the answer.
        more: further members of the answer's body.
    """

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        field: str | None = None,
        retry_after: timedelta | None = None,
        headers: dict[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{kind.value.slug}: {detail}")
        self.kind = kind.value
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})
        self.more = dict(more or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after.total_seconds())))

    def body(self, *, instance: str) -> dict[str, Any]:
        """The answer's body; `instance` is the path that was asked for."""
        members: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind.slug,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.field is not None:
            members["field"] = self.field
        return {**members, **self.more}


def of_status(status: int) -> ProblemKind:
    """The kind for a status that the framework has chosen."""
    known = {HTTPStatus.NOT_FOUND: ProblemKind.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED: ProblemKind.METHOD_NOT_ALLOWED}
    if status in known:
        return known[HTTPStatus(status)]
    return ProblemKind.INTERNAL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ProblemKind.BAD_REQUEST
