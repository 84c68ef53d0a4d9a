"""What goes wrong in the libraries of binary formats, as a verdict on the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from services.validator.engine.verdict import BadFile, Code

_SHOWN_CHARACTERS = 300


@contextmanager
def faults_of(format_name: str, *more: type[Exception]) -> Iterator[None]:
    """Turn the library's errors, and those of the kinds in `more`, into `BadFile`.

    `format_unsupported` for what the library cannot do, `limit_memory` when it gets no more memory, `format_damaged`
    for anything else.
    """
    try:
        yield
    except pa.ArrowNotImplementedError as error:
        message = f"The {format_name} file uses what is not supported: {_shown(error)}"
        raise BadFile(Code.FORMAT_UNSUPPORTED, message, format=format_name) from error
    except (pa.ArrowMemoryError, MemoryError) as error:
        message = f"The {format_name} file asks for more memory than there is: {_shown(error)}"
        raise BadFile(Code.LIMIT_MEMORY, message, format=format_name) from error
    except (pa.ArrowException, OSError, *more) as error:
        message = f"The {format_name} file is damaged: {_shown(error)}"
        raise BadFile(Code.FORMAT_DAMAGED, message, format=format_name) from error


def _shown(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:_SHOWN_CHARACTERS]
