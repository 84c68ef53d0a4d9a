"""What is wrong with an expression."""

from __future__ import annotations

from shared.errors import PermanentError


class ExpressionError(PermanentError):
    """A text is no expression of the language; `at` is the place of the fault, a count of characters from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"character {at + 1}: {message}")
        self.at = at
