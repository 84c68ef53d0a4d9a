"""Reader 2 by itself: records, blank lines and comments in any pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.validator.engine.recount import Count, count_records


def in_pieces(text: bytes, size: int) -> Iterator[tuple[bytes, bool]]:
    starts = range(0, max(len(text), 1), size)
    return ((text[start : start + size], start + size >= len(text)) for start in starts)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1_000])
@pytest.mark.parametrize(
    ("text", "options", "count"),
    [
        (b"", {}, Count()),
        (b"a", {}, Count(1)),
        (b"a\nb\n", {}, Count(2)),
        (b"\r\n\r\na\r\n\r\nb", {}, Count(2, 3)),
        (b"a\r\rb\r", {}, Count(2, 1)),
        (b'a,"x\n\ny"\nb\n', {}, Count(2)),
        (b'a,"x""\n"\n\n', {}, Count(1, 1)),
        (b'a,"x"y\nb,5" z\n', {}, Count(2)),
        (b'#a\nb#c\n"#\n#"\n#"\n', {"comment": b"#"}, Count(2, 0, 2)),
        (b'"a\\"\n",b\nc\n', {"escape": b"\\"}, Count(2)),
        (b'"a\\"\n",b\n', {}, Count(2)),
        (b"'x\n\ny',\"\nb\n", {"quote": b"'"}, Count(2)),
        (b'"x\n\ny",\'\nb\n', {"quote": b"'"}, Count(3, 1)),
        (b"'a\\'\n',b\nc\n", {"quote": b"'", "escape": b"\\"}, Count(2)),
        (b'"x\n\ny"\nb\n', {"quote": b""}, Count(3, 1)),
        (b'x"\n\ny\nz\n', {"skip_lines": 3}, Count(1, 1)),
        (b"x\r\n\r\nz\r\n", {"skip_lines": 2}, Count(1, 1)),
        (b"x\n", {"skip_lines": 5}, Count()),
    ],
)
def test_what_is_counted(text: bytes, options: dict[str, Any], count: Count, size: int) -> None:
    assert count_records(in_pieces(text, size), b",", 100, **options) == count
