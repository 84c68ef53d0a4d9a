"""Following a stream of events on the command line: it comes back by itself when the connection breaks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.gateway_client import GatewayClient, GatewayError

SILENCE_SECONDS = 45.0  # the gateway says something every 15 s
PAUSE_SECONDS = 2.0
SERVER_ERROR = 500


class TimeIsUpError(Exception):
    """The stream has not ended in time."""


def follow(
    client: GatewayClient,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    after: str | None = None,
    timeout: float | None = None,
) -> Iterator[dict[str, Any]]:
    """Each event of a stream once, until the stream says its end.

    Args:
        client: the gateway.
        path: where the stream is.
        params: what it is asked for.
        after: go on after the event with this id.
        timeout: seconds until the end; None is as long as it takes.

    Raises:
        GatewayError: the gateway refuses the stream, or there was none at the first try. Later it is tried again.
        TimeIsUpError: at the time-out.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    last_id, has_begun = after, False
    while True:
        left = SILENCE_SECONDS if deadline is None else min(SILENCE_SECONDS, deadline - time.monotonic())
        if left <= 0:
            raise TimeIsUpError
        try:
            with client.stream(path, params or {}, last_id=last_id, patience=left) as lines:
                is_over = True  # an answer without a line: there is nothing more
                for said in messages(_until(lines, deadline)):
                    has_begun, is_over = True, said.get("event") == "end"
                    if is_over:
                        break
                    if "data" in said:
                        last_id = said["id"]
                        yield json.loads(said["data"])
        except GatewayError as error:
            is_refused = error.status is not None and error.status < SERVER_ERROR
            if is_refused or not has_begun:
                raise
            is_over = False
        if is_over:
            return
        time.sleep(PAUSE_SECONDS if deadline is None else max(0.0, min(PAUSE_SECONDS, deadline - time.monotonic())))


def messages(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The fields of each message of a stream of Server-Sent Events, as far as the gateway uses them; comments too."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            yield fields
            fields = {}
        else:
            name, _, value = line.partition(": ")
            fields[name] = value


def _until(lines: Iterable[str], deadline: float | None) -> Iterator[str]:
    for line in lines:
        yield line
        if deadline is not None and time.monotonic() > deadline:
            raise TimeIsUpError
