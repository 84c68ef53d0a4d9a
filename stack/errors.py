"""What the command line reports as one line and exit code 1."""

from __future__ import annotations


class StackError(Exception):
    """Something that the user can mend: the message says what it is, and how.

    Concrete classes stand beside their raisers.
    """
