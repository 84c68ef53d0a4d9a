"""The two kinds of failure that a caller has to tell apart.

    IngestError
    ├── TransientError   a dependency is away or busy: the same call may succeed later, wait and repeat it
    └── PermanentError   the same call will fail again: park the record, or end the task as FAILED

Each concrete class stands beside the code that raises it. A file that cannot be loaded is neither: it is a verdict,
returned as a value.
"""

from __future__ import annotations


class IngestError(Exception):
    """Base of every error that this project raises on purpose."""


class TransientError(IngestError):
    """A dependency could not serve the call now; repeating the same call is safe and may succeed."""


class PermanentError(IngestError):
    """Repeating the same call cannot help."""
