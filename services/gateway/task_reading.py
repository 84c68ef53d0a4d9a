"""A task's document as its caller gets it: at once, or as soon as it is another than the caller has."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta

from services.gateway.callers import Caller
from services.gateway.freshness import etag_of, knows
from services.gateway.hub import Hub
from services.gateway.rows import UploadRows
from services.gateway.status import TaskRows, task_document
from shared.events import TaskStatus


@dataclass(frozen=True)
class Rendered:
    """A task's document as JSON, and what is known of it.

    Args:
        body: the JSON.
        etag: the ETag of these bytes.
        has_ended: whether nothing more becomes of the task by itself.
    """

    body: bytes
    etag: str
    has_ended: bool


class TaskReading:
    """The use case.

    Args:
        tasks: what is known of tasks.
        uploads: the gateway's own uploads, which the projector may not know yet.
        hub: who tells that a task has moved.
    """

    def __init__(self, tasks: TaskRows, uploads: UploadRows, hub: Hub) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._hub = hub

    async def read(self, task_id: str, caller: Caller) -> Rendered:
        """The task as it is now.

        Raises:
            ProblemError: there is none of that id for this caller.
            DatabaseAwayError: it cannot be told.
        """
        document = await task_document(self._tasks, self._uploads, task_id, caller)
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return Rendered(body, etag_of(body), TaskStatus(document["status"]).is_end)

    async def wait(self, task_id: str, caller: Caller, if_none_match: str | None, patience: timedelta) -> Rendered:
        """The task once it has ended or has changed; at the latest after `patience`, as it is then.

        It has changed when it is another than `if_none_match` names; without that, another than it is now. While it
        waits it holds no connection of the database.

        Raises:
            ProblemError, DatabaseAwayError: as `read`.
        """
        found = await self.read(task_id, caller)
        known = if_none_match or found.etag
        if found.has_ended or not knows(known, found.etag):
            return found
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + patience.total_seconds()
        async with self._hub.subscribed(task_id) as news:
            while True:
                found = await self.read(task_id, caller)
                left = gives_up_at - loop.time()
                if found.has_ended or not knows(known, found.etag) or news.over or left <= 0:
                    return found
                await news.take(timedelta(seconds=left))
