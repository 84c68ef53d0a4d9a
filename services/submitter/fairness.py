"""Who gets the slots that are free: the tenant with the fewest in use, then the oldest; nobody is passed for ever.

A load that needs more slots than are free is passed by smaller ones, but not for long: once it has waited
`reserve_after`, the slots that become free are left to it, and nobody behind it may take one; only the slot that is
kept for small files stays theirs.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.submitter.slots import Room
from services.submitter.turn import Hold, Reason, Send, Stage, Turn, Verdict


@dataclass(frozen=True)
class Policy:
    """How slots are shared; see above."""

    reserve_after: timedelta = timedelta(seconds=30)


def share(
    ready: Iterable[Turn], turns: Iterable[Turn], room: Room, policy: Policy, now: datetime
) -> dict[str, Verdict]:
    """Give the free slots away.

    Args:
        ready: the loads that wait for nothing but slots.
        turns: all open tasks; of these the ones that were sent use slots.
        room: the slots; those that are given away are taken from it.
        policy: how long a load may be passed.
        now: what its age is reckoned by.
    """
    used: Counter[str] = Counter()
    for turn in turns:
        if turn.stage is Stage.SENT:
            used[turn.tenant] += turn.slots
    queues: dict[str, deque[Turn]] = defaultdict(deque)
    for turn in sorted(ready, key=lambda one: one.place):
        queues[turn.tenant].append(turn)
    heap = [(used[tenant], queue[0].place, tenant) for tenant, queue in queues.items()]
    heapq.heapify(heap)
    verdicts: dict[str, Verdict] = {}
    held: list[Turn] = []
    reserved_for: Turn | None = None
    while heap:
        _, _, tenant = heapq.heappop(heap)
        turn = queues[tenant].popleft()
        if room.fits(turn, reserved=reserved_for is not None):
            slots = room.take(turn)
            used[tenant] += slots
            verdicts[turn.task_id] = Send(slots)
        else:
            held.append(turn)
            if reserved_for is None and turn.ready_at is not None and now - turn.ready_at >= policy.reserve_after:
                reserved_for = turn
        if queues[tenant]:
            heapq.heappush(heap, (used[tenant], queues[tenant][0].place, tenant))
    fewest = min((used[turn.tenant] for turn in held), default=0)
    for turn in held:
        verdicts[turn.task_id] = _hold(turn, room, reserved_for, poorest=used[turn.tenant] <= fewest)
    return verdicts


def _hold(turn: Turn, room: Room, reserved_for: Turn | None, *, poorest: bool) -> Hold:
    """Why a load got nothing, as things are when all is given away."""
    needs = room.needed(turn)
    if reserved_for is not None and reserved_for is not turn and room.fits(turn, reserved=False):
        return Hold(Reason.FAIRNESS, f"task {reserved_for.task_id} has waited longer and gets the next slots")
    if needs <= room.free and not turn.small:
        return Hold(Reason.SMALL_LANE, f"needs {needs}, the last free one is kept for small files")
    if not poorest:
        return Hold(Reason.FAIRNESS, "a tenant with fewer slots in use goes first")
    return Hold(Reason.SLOT, f"needs {needs}, {room.free} of {room.ours} free")
