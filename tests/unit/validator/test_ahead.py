"""Reading ahead changes nothing but the time."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import cast

import pytest

from services.validator.engine.ahead import read_ahead


def numbered(count: int, *, fail_at: int | None = None) -> Iterator[int]:
    for number in range(count):
        if number == fail_at:
            raise ValueError(number)
        yield number + 1


def test_the_blocks_come_in_their_order() -> None:
    assert list(read_ahead(numbered(100))) == list(range(1, 101))
    assert list(read_ahead(numbered(0))) == []


def test_an_error_comes_where_its_block_would() -> None:
    ahead = read_ahead(numbered(9, fail_at=3))
    assert [next(ahead) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ValueError, match="3"):
        next(ahead)


def test_one_block_is_made_ahead_and_no_more() -> None:
    made = threading.Semaphore(0)
    count = 0

    def blocks() -> Iterator[int]:
        nonlocal count
        for block in numbered(9):
            count += 1
            made.release()
            yield block

    ahead = cast("Generator[int]", read_ahead(blocks()))
    next(ahead)
    assert made.acquire(timeout=10)
    assert made.acquire(timeout=10)
    assert count == 2
    ahead.close()
    assert count == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]
