"""What the gateway hands out of the rejected rows of a task, piece by piece: nothing is held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from services.gateway_client import GatewayClient

_TASKS_PATH = "/api/ingest/tasks/"


@dataclass(frozen=True)
class Rejects:
    """A file that is on its way: what the gateway calls it, and its bytes."""

    name: str
    pieces: Iterator[bytes]


def problems_of(client: GatewayClient, task_id: str, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What is wrong with the rejected rows, one by one; `wanted` may have a `rule`, a `column`, and the page's `limit`.

    Raises:
        GatewayError: there is no such task, or no rejected row of it; the gateway says why.
    """
    query = dict(wanted)
    while True:
        page = client.get(f"{_TASKS_PATH}{task_id}/problems", **query)
        yield from page["problems"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


@contextmanager
def rejects_of(client: GatewayClient, task_id: str, form: str) -> Iterator[Rejects]:
    """The rejected rows in a form; see `problems_of`."""
    with client.download(f"{_TASKS_PATH}{task_id}/rejects", format=form) as response:
        said = Message()
        said["content-disposition"] = response.headers.get("content-disposition", "")
        name = Path(said.get_filename() or f"{task_id}.rejects").name  # a name, and no place
        yield Rejects(name, response.iter_bytes())
