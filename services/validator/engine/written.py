"""What the second pass wrote, and what is to say about its times."""

from __future__ import annotations

from dataclasses import dataclass

from .patterns import EPOCHS
from .time_counts import TimeCounts
from .zones import UTC


@dataclass(slots=True)
class Written:
    """Figures over the accepted rows. `zoneless` times named no zone and were taken in `zone`; `cut` lost a fraction.

    `zone` is the one that the sender named, else UTC. `seen` rows were read, good and bad; `stopped` says that a limit
    ended the reading there. `judged` of them were well formed. `times` counts where in time they lie, where that was
    asked.
    """

    zone: str = UTC
    accepted: int = 0
    judged: int = 0
    seen: int = 0
    stopped: bool = False
    low_ms: int | None = None
    high_ms: int | None = None
    zoneless: int = 0
    cut: int = 0
    times: TimeCounts | None = None

    def add_range(self, low_ms: int, high_ms: int) -> None:
        """Take the earliest and the latest time of some rows."""
        self.low_ms = low_ms if self.low_ms is None else min(self.low_ms, low_ms)
        self.high_ms = high_ms if self.high_ms is None else max(self.high_ms, high_ms)

    def zone_taken(self, time_format: str) -> str:
        """The zone that the times were taken in."""
        if time_format in EPOCHS:
            return UTC
        if self.zoneless == self.accepted:
            return self.zone
        return f"as written, else {self.zone}" if self.zoneless else "as written"

    def note(self, time_format: str) -> str:
        """What was assumed about the times, in a sentence."""
        if time_format in EPOCHS:
            notes = ["epochs are UTC"]
        elif self.zoneless == self.accepted:
            notes = [f"no value names a zone: all are taken as {self.zone}"]
        elif self.zoneless:
            notes = [f"{self.zoneless:,} values name no zone and are taken as {self.zone}; the others say their own"]
        else:
            notes = ["every value names its zone"]
        if self.cut:
            notes.append(f"{self.cut:,} values were cut to the millisecond")
        return "; ".join(notes)
