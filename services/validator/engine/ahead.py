"""Reading ahead: the next block is cut while the one before it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

B = TypeVar("B")


def read_ahead(blocks: Iterator[B]) -> Iterator[B]:
    """The same blocks in their order, each made in a thread of its own while the caller works on the one before.

    One block more than without it is in memory. What making a block raises is raised where that block would come.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as thread:
        coming = thread.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = thread.submit(next, blocks, None)
            yield block
