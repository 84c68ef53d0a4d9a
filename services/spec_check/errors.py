"""Why nothing could be compared."""

from __future__ import annotations

from shared.errors import PermanentError


class CannotCheckError(PermanentError):
    """Nothing was compared; the message is one line for the user, with what to do."""
