"""Whether reading fails at the same place for so long that somebody has to look.

A damaged batch is never skipped: it may hold uploads that were promised. So its partition stands still until a person
acts, while the others go on; all that can be done here is to say so.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition

from shared.health import Progress

Unread = Mapping[TopicPartition, int]
"""The partitions that hold more than was read, each with the offset of its next record."""


class Trouble:
    """Tells `progress` how long reading has failed without moving on, however well other partitions are read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._standing: Unread = {}
        self.failing = False

    def failed(self, unread: Unread) -> bool:
        """Reading has failed; returns whether this is a new trouble."""
        lasting = self._lasting(unread)
        new = not self.failing or (bool(self._standing) and not lasting)
        self._standing = unread if new else lasting
        if new:
            self.failing = True
            self._progress.begin()
        return new

    def went_on(self, unread: Unread) -> None:
        """Reading has not failed this time: the trouble is over unless some partition still stands where it stood."""
        self._standing = self._lasting(unread)
        if not self._standing:
            self.failing = False
            self._progress.end()

    def _lasting(self, unread: Unread) -> Unread:
        return {place: offset for place, offset in unread.items() if self._standing.get(place) == offset}
