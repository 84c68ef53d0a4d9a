"""Taking one's turn in the line of a datasource, in a transaction that has the line to itself."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter import turns
from services.submitter.admission import Hold, Turn, decide
from shared.errors import PermanentError


class NoTurnError(PermanentError):
    """The task stands in no line, or in that of another datasource than its rows."""


async def take_turn(
    connection: AsyncConnection, *, task_id: str, tenant: str, datasource_name: str
) -> Turn | Hold | None:
    """The task's turn once it has come, or what stands in its way; None when the task has ended already.

    The line says where the task stands and how it loads: a verdict may come of another record of the same file.

    Raises:
        NoTurnError: the task stands in no line of its datasource.
    """
    line = {"tenant": tenant, "datasource_name": datasource_name}
    await turns.take_line(connection, **line)
    if await turns.has_ended(connection, task_id=task_id):
        return None
    waiting = {turn.task_id: turn for turn in await turns.open_turns(connection, **line)}
    turn = waiting.get(task_id)
    if turn is None:
        msg = f"the task stands in no line of {datasource_name!r}"
        raise NoTurnError(msg)
    verdict = decide(turn, waiting.values())
    return verdict if isinstance(verdict, Hold) else turn
