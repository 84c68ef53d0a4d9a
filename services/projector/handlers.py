"""What the projector does with an event: remember it, fold the task anew, show the result; in one transaction."""

from __future__ import annotations

from services.projector import store
from services.projector.projection import can_be_told, has_state, is_shown, project
from shared.db.engine import Database
from shared.events import DruidSubmitted, FileUploaded, FileValidated, TaskCommand, TaskUpdated
from shared.failpoint import failpoint
from shared.kafka.envelope import Received

TOPICS = tuple(event.topic for event in (FileUploaded, FileValidated, DruidSubmitted, TaskUpdated, TaskCommand))


class Handlers:
    """The projector's reactions; each may be repeated, in any order and by several processes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_event(self, received: Received) -> None:
        """Bring the task's rows up to this event; a copy of a remembered event changes nothing.

        Commands that only ask a service for something are not remembered. A waiver that comes before the task's first
        event is remembered, and shown with that.

        Raises:
            DatabaseAwayError: whether it was remembered is unknown; give the same event again.
        """
        event = received.event
        if not is_shown(event):
            return
        task_id = event.task_id
        async with self._database.transaction() as connection:
            await store.take_turn(connection, task_id)
            if await store.remember(connection, event):
                events = await store.remembered(connection, task_id)
                if has_state(events):
                    projection = project(task_id, events)
                    await store.show(connection, projection)
                    if can_be_told(projection.task):
                        await store.feed(connection, task_id)
            failpoint("P1")
        failpoint("P2")
