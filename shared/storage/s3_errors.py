"""The S3 library's errors in the words of the port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

from shared.errors import PermanentError
from shared.storage.port import ObjectExistsError, ObjectNotFoundError, StorageAwayError, StorageRefusedError

_BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "ConditionalRequestConflict"})


@contextmanager
def translated(key: str, *, on_mismatch: type[PermanentError] = ObjectExistsError) -> Iterator[None]:
    """Turn the library's errors into the port's; `on_mismatch` is what a failed precondition means."""
    try:
        yield
    except ClientError as error:
        raise _translation(error, key, on_mismatch) from error
    except (NoCredentialsError, ParamValidationError) as error:
        raise StorageRefusedError(str(error)) from error
    except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as error:
        msg = f"the object store is away: {type(error).__name__}"
        raise StorageAwayError(msg) from error


def _translation(error: ClientError, key: str, on_mismatch: type[PermanentError]) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return on_mismatch(key)
    if code in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return StorageAwayError(f"the object store is busy: {code}")
    if status == HTTPStatus.NOT_FOUND and code != "NoSuchBucket":
        return ObjectNotFoundError(key)
    return StorageRefusedError(f"the object store refuses {key}: {code}")
