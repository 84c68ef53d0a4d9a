"""Waiting that can be cut short."""

from __future__ import annotations

import asyncio
from datetime import timedelta


async def wait_any(delay: timedelta, *signals: asyncio.Event) -> None:
    """Return after `delay`, or as soon as one of the signals is set."""
    waiters = [asyncio.ensure_future(signal.wait()) for signal in signals]
    try:
        await asyncio.wait(waiters, timeout=delay.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
