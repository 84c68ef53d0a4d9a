"""What PostgreSQL cannot hold in a JSON column, made holdable."""

from __future__ import annotations

import math
from typing import Any


def storable(value: Any) -> Any:
    """The same JSON value as far as PostgreSQL can hold it: U+0000 becomes U+FFFD, what is no number becomes null.

    A problem quotes the file, and a file holds anything.
    """
    match value:
        case str():
            return value.replace("\x00", "\ufffd")
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [storable(item) for item in value]
        case dict():
            return {storable(name): storable(item) for name, item in value.items()}
        case _:
            return value
