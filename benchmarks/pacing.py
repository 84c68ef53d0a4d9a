"""Requests at a fixed rate, whatever becomes of the earlier ones; and waiting for an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.figure import WrongAnswerError

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 300.0
SLACK = 1.05  # of the planned time, until the last request has been started


async def latencies(ask: Callable[[int], Awaitable[None]], *, per_second: float, seconds: float) -> list[float]:
    """Seconds that each request took, from its own start.

    Args:
        ask: does one request, by its number; raises when the answer is wrong.
        per_second: how many are started in a second, one by one.
        seconds: for how long.

    Raises:
        WrongAnswerError: the rate was not held, so the figures would be those of another rate.
    """
    took: list[float] = []

    async def timed(number: int) -> None:
        started = time.perf_counter()
        await ask(number)
        took.append(time.perf_counter() - started)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(timed(number))
    if time.perf_counter() - began > seconds * SLACK + max(took):
        msg = f"{per_second:g} requests a second could not be held"
        raise WrongAnswerError(msg)
    return took


def until(
    done: Callable[[], bool], *, patience_seconds: float = PATIENCE_SECONDS, slowest_seconds: float = POLL_SECONDS
) -> None:
    """Ask every 50 ms, and return when it is so; with `slowest_seconds`, less often the longer it takes, up to that.

    A pause is then a hundredth of the time so far: that much may be too long what is timed.

    Raises:
        WrongAnswerError: it is not so after all that time.
    """
    began = time.monotonic()
    while not done():
        so_far = time.monotonic() - began
        if so_far > patience_seconds:
            msg = f"not done after {patience_seconds:g} s"
            raise WrongAnswerError(msg)
        time.sleep(max(POLL_SECONDS, min(slowest_seconds, so_far / 100)))
