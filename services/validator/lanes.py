"""Which files go first: a small one is never kept waiting by a large one."""

from __future__ import annotations

from dataclasses import dataclass

SMALL = 0
LARGE = 1


@dataclass(frozen=True)
class Lanes:
    """Two lanes by size: `SMALL` up to `small_file_bytes`, `LARGE` above."""

    small_file_bytes: int

    def lane(self, size_bytes: int | None) -> int:
        """A file whose size nobody has said yet is taken for small, until somebody has looked."""
        return LARGE if (size_bytes or 0) > self.small_file_bytes else SMALL
