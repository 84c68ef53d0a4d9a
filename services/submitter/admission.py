"""Who may be sent to Druid now, and what everybody else waits for: one decision over all open tasks.

Pure: knows no table, no clock and no Druid. First the order in each datasource (`order`), then, among those whose turn
it is, the slots (`slots`), shared fairly (`fairness`). The answer does not depend on the order of the input.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from services.submitter.fairness import Policy, share
from services.submitter.order import held_behind, in_the_way
from services.submitter.slots import Cluster, Room
from services.submitter.turn import Hold, Reason, Send, Stage, Turn, Verdict


def decide(turns: Collection[Turn], cluster: Cluster, policy: Policy, *, now: datetime) -> dict[str, Verdict]:
    """A verdict on every task that waits.

    Args:
        turns: all open tasks of all tenants, each once.
        cluster: Druid's slots.
        policy: how they are shared.
        now: aware UTC.
    """
    blocked = in_the_way(turns)
    waiting = [turn for turn in turns if turn.stage is Stage.WAITING]
    verdicts: dict[str, Verdict] = {}
    ready: list[Turn] = []
    for turn in waiting:
        if turn.task_id in blocked:
            continue
        if turn.slots == 0:
            verdicts[turn.task_id] = Send(0)
        elif cluster.capacity is None:
            verdicts[turn.task_id] = Hold(Reason.BACKOFF, cluster.trouble)
        else:
            ready.append(turn)
    if ready:
        verdicts |= share(ready, turns, Room.of(turns, cluster), policy, now=now)
    for turn in waiting:
        if turn.task_id in blocked:
            behind = blocked[turn.task_id]
            goes_now = isinstance(verdicts.get(behind.task_id), Send)
            verdicts[turn.task_id] = held_behind(behind, is_sent=behind.is_sent or goes_now)
    return verdicts
