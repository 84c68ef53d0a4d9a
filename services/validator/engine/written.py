"""What the second pass wrote, and what is to say about its times."""

from __future__ import annotations

from dataclasses import dataclass

from .timestamps import EPOCH_MILLIS, EPOCH_SECONDS


@dataclass(slots=True)
class Written:
    """Figures over the accepted rows. `zoneless` times named no zone; `cut` times lost a fraction.

    `seen` rows were read, good and bad; `stopped` says that a limit ended the reading there.
    """

    accepted: int = 0
    seen: int = 0
    stopped: bool = False
    low_ms: int | None = None
    high_ms: int | None = None
    zoneless: int = 0
    cut: int = 0

    def zone(self, time_format: str) -> str:
        """The zone that the times were taken in."""
        if time_format in (EPOCH_SECONDS, EPOCH_MILLIS) or self.zoneless == self.accepted:
            return "UTC"
        return "as written, else UTC" if self.zoneless else "as written"

    def note(self, time_format: str) -> str:
        """What was assumed about the times, in a sentence."""
        if time_format in (EPOCH_SECONDS, EPOCH_MILLIS):
            return "epochs are UTC"
        notes = []
        if self.zoneless == self.accepted:
            notes.append("no value names a zone: all are taken as UTC")
        elif self.zoneless:
            notes.append(f"{self.zoneless:,} values name no zone and are taken as UTC; the others say their own")
        else:
            notes.append("every value names its zone")
        if self.cut:
            notes.append(f"{self.cut:,} values were cut to the millisecond")
        return "; ".join(notes)
