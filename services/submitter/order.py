"""Whose turn it is in a datasource: a replace is a barrier, appends between two barriers run side by side.

The order is that of acceptance. An earlier task may be heard of late, when a later one is with Druid already: it waits
for that one too. A load that has been sent waits for nobody, so nobody waits for one that waits for him. What was sent
holds its datasource until its task ends, so that no proof is taken of what the next load wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from services.submitter.turn import Hold, Reason, Turn


def in_the_way(turns: Iterable[Turn]) -> dict[str, Turn]:
    """For each open task that was not sent: the last one that it has to wait for; who waits for nobody is missing.

    An exclusive task waits for every one that is earlier or sent, any other for every such exclusive one. One whose
    content may be loaded once waits for every such one of the same content too.
    """
    lines: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        lines[turn.datasource].append(turn)
    blocked: dict[str, Turn] = {}
    for line in lines.values():
        blocked |= _of_line(sorted(line, key=lambda turn: turn.place))
    return blocked


def held_behind(turn: Turn, *, is_sent: bool) -> Hold:
    """What is said to a task that waits for this one, which has been sent, or waits itself."""
    if is_sent:
        return Hold(Reason.LOCK, f"task {turn.task_id} holds the datasource until its rows are counted")
    return Hold(Reason.ORDER, f"behind task {turn.task_id}")


def _of_line(line: list[Turn]) -> dict[str, Turn]:
    sent = [turn for turn in line if turn.is_sent]
    last_sent = sent[-1] if sent else None
    last_exclusive_sent = next((turn for turn in reversed(sent) if turn.exclusive), None)
    last_sent_of = {turn.content: turn for turn in sent}
    earlier_of: dict[str | None, Turn] = {}
    earlier: Turn | None = None
    earlier_exclusive: Turn | None = None
    blocked: dict[str, Turn] = {}
    for turn in line:
        if not turn.is_sent:
            pair = (earlier, last_sent) if turn.exclusive else (earlier_exclusive, last_exclusive_sent)
            twins = (earlier_of.get(turn.content), last_sent_of.get(turn.content)) if turn.once else ()
            ahead = [one for one in (*pair, *twins) if one is not None]
            if ahead:
                blocked[turn.task_id] = max(ahead, key=lambda one: one.place)
        earlier = earlier_of[turn.content] = turn
        if turn.exclusive:
            earlier_exclusive = turn
    return blocked
