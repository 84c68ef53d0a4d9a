"""What the gateway's table of given commands promises, whichever table it is."""

from __future__ import annotations

from datetime import timedelta

from services.gateway.command_rows import CommandRows
from shared import ids
from shared.events import CommandName, Stage, TaskCommand
from tests.unit.gateway.doubles import NOW


def retry_of(task_id: str, start: Stage, *, after: float = 0) -> TaskCommand:
    return TaskCommand(
        task_id=task_id, command=CommandName.RETRY, issued_at=NOW + timedelta(seconds=after), start_from=start
    )


class CommandRowsSuite:
    """The first command of an event id stands."""

    async def test_the_first_stands(self, commands: CommandRows) -> None:
        task_id = ids.fresh_task_id()
        first, other = retry_of(task_id, Stage.VALIDATION), retry_of(task_id, Stage.SUBMISSION, after=9)
        made = await commands.give(first, traceparent=None)
        again = await commands.give(other, traceparent=None)
        assert (made.command, made.replayed) == (first, False)
        assert (again.command, again.replayed) == (first, True)

    async def test_another_attempt_is_another_command(self, commands: CommandRows) -> None:
        task_id = ids.fresh_task_id()
        await commands.give(retry_of(task_id, Stage.VALIDATION), traceparent=None)
        following = retry_of(task_id, Stage.SUBMISSION).model_copy(update={"attempt": 2})
        assert (await commands.give(following, traceparent=None)).command == following
