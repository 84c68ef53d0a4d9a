"""What this Druid can do, asked once in a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.druid import Capabilities, Druid
from shared.loading import SKETCHES, Loading

DATASKETCHES = "druid-datasketches"
S3 = "druid-s3-extensions"


class KnownCapabilities:
    """The capabilities as Druid told them last.

    Args:
        druid: who is asked.
        keep_for: how long an answer is believed; extensions come and go with a restart of Druid only.
        clock: now, aware UTC.
    """

    def __init__(self, druid: Druid, *, keep_for: timedelta, clock: Callable[[], datetime]) -> None:
        self._druid = druid
        self._keep_for = keep_for
        self._clock = clock
        self._told: tuple[datetime, Capabilities] | None = None

    async def __call__(self) -> Capabilities:
        """What Druid can do. Raises `DruidAwayError`."""
        now = self._clock()
        if self._told is None or now - self._told[0] >= self._keep_for:
            self._told = (now, await self._druid.capabilities())
        return self._told[1]


def lacking(loading: Loading, capabilities: Capabilities) -> str | None:
    """What a load needs and Druid has not, in words for the user; None when it has all."""
    sketches = [one.name for one in loading.metrics if one.type in SKETCHES]
    if not sketches or capabilities.has(DATASKETCHES):
        return None
    named = ", ".join(f"`{name}`" for name in sketches)
    return (
        f"The metrics {named} are sketches, and Druid {capabilities.version} runs without the extension "
        f"{DATASKETCHES}: have it added to druid.extensions.loadList, or take the metrics out of the contract. "
        "Nothing was loaded."
    )
