"""Which names Druid takes for a datasource.

The rule is Druid's own, from `org.apache.druid.common.utils.IdUtils.validateId` (33.0.0): a name also becomes a path in
ZooKeeper, which explains the odd ranges.
"""

from __future__ import annotations

import re

_ODD_SPACE = re.compile(r"[^\S ]")
# Druid's ranges, ends included. NUL never works; a character beyond U+FFFF is a pair out of U+D800-DFFF in Java.
_FORBIDDEN = ((0x00, 0x1E), (0x80, 0x9E), (0xD800, 0xF8FE), (0xFFF1, 0xFFFE))
_LAST_OF_ONE_UNIT = 0xFFFF
LONGEST = 255


def problem_with(name: str) -> str | None:  # noqa: PLR0911  # one return for each thing that can be wrong
    """What stands against the name, as the end of a sentence; None if Druid takes it."""
    if not name:
        return "may not be empty"
    if len(name) > LONGEST:
        return f"may not be longer than {LONGEST} characters"
    if name.startswith("."):
        return "may not start with a dot"
    if "/" in name:
        return "may not contain a slash"
    odd = _ODD_SPACE.search(name)
    if odd:
        return f"may not contain white space other than the space (position {odd.start()})"
    for position, character in enumerate(name):
        code = ord(character)
        if code > _LAST_OF_ONE_UNIT or any(first <= code <= last for first, last in _FORBIDDEN):
            return f"may not contain the character U+{code:04X} (position {position})"
    return None
