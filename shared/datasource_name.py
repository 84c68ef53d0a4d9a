"""Which names Druid takes for a datasource.

The rule is Druid's own, from `org.apache.druid.common.utils.IdUtils.validateId` (33.0.0): a name also becomes a path in
ZooKeeper, which explains the odd ranges. Druid sets no length, and fails later: the bounds were found on a server.
"""

from __future__ import annotations

import re

_ODD_SPACE = re.compile(r"[^\S ]", re.ASCII)  # Java's \s knows ASCII only
# Druid's ranges, widened by their neighbours that a path in ZooKeeper refuses; a character beyond U+FFFF is a pair out
# of U+D800-DFFF in Java.
_FORBIDDEN = ((0x00, 0x1F), (0x7F, 0x9F), (0xD800, 0xF8FF), (0xFFF0, 0xFFFF))
_LAST_OF_ONE_UNIT = 0xFFFF
# Druid's SQL takes identifiers of 128 characters, and by SQL every load is proven.
LONGEST = 128
# A segment's id, name_start_end_version_partition, is a file's name while it is built (255 bytes of UTF-8), and stands
# in a column of 255 characters. Where it is of all time the rest has up to 95 of them.
LONGEST_BYTES = 160


def problem_with(name: str) -> str | None:  # noqa: PLR0911  # one return for each thing that can be wrong
    """What stands against the name, as the end of a sentence; None if Druid takes it."""
    if not name.strip(" "):
        return "may not be empty"
    if len(name) > LONGEST:
        return f"has {len(name)} characters, and {LONGEST} are allowed"
    if (size := len(name.encode(errors="replace"))) > LONGEST_BYTES:
        return f"has {size} bytes in UTF-8, and {LONGEST_BYTES} are allowed"
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
