"""Turns and whole states of the admission, written briefly or drawn at random."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from services.submitter.admission import decide
from services.submitter.fairness import Policy
from services.submitter.slots import Cluster, Room
from services.submitter.turn import Send, Stage, Turn, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = Policy(reserve_after=timedelta(seconds=30))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def waiting(number: int, *, tenant: str = "a", slots: int = 1, small: bool = False, **more: object) -> Turn:
    """A load that became ready at its own second, in a datasource of its own."""
    made = Turn(
        task_id=f"t{number:05}",
        tenant=tenant,
        datasource=f"d{number}",
        exclusive=False,
        accepted_at=at(number),
        stage=Stage.WAITING,
        slots=slots,
        small=small,
        ready_at=at(number),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a turn


def sent(number: int, *, tenant: str = "a", slots: int = 1, small: bool = False, **more: object) -> Turn:
    return waiting(number, tenant=tenant, slots=slots, small=small, stage=Stage.SENT, **more)


def verdicts(turns: Collection[Turn], capacity: int | None, *, others: int = 0, now: float = 0) -> dict[str, Verdict]:
    return decide(turns, Cluster(capacity, others, "why"), PATIENT, now=at(now))


def those_sent(told: dict[str, Verdict]) -> dict[str, int]:
    return {task_id: verdict.slots for task_id, verdict in told.items() if isinstance(verdict, Send)}


@dataclass(frozen=True)
class State:
    """All that a decision is made of."""

    turns: tuple[Turn, ...]
    cluster: Cluster
    now: datetime

    def decide(self) -> dict[str, Verdict]:
        return decide(self.turns, self.cluster, PATIENT, now=self.now)

    def after(self) -> State:
        """The state once everybody is sent who may be."""
        given = those_sent(self.decide())
        turns = (
            replace(turn, stage=Stage.SENT, slots=given[turn.task_id]) if turn.task_id in given else turn
            for turn in self.turns
        )
        return replace(self, turns=tuple(turns))

    @property
    def room(self) -> Room:
        return Room.of(self.turns, self.cluster)

    def used_by(self, tenant: str) -> int:
        return sum(turn.slots for turn in self.turns if turn.stage is Stage.SENT and turn.tenant == tenant)


_DRAWN = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["d1", "d2", "d3", "d4"]),
    st.sampled_from([False, False, False, True]),
    st.integers(0, 20),
    st.sampled_from([*Stage, Stage.WAITING, Stage.WAITING]),
    st.sampled_from([0, 1, 1, 3, 4, 9, None]),
    st.integers(20, 80),
)


def states() -> st.SearchStrategy[State]:
    """Any state, also such as no history of ours leads to: slots that are used twice over, barriers already broken."""
    clusters = st.integers(0, 8).flatmap(lambda slots: st.builds(Cluster, st.just(slots), st.integers(0, slots)))
    return st.builds(
        lambda drawn, cluster: State(tuple(_turn(*one) for one in enumerate(drawn)), cluster, at(80)),
        st.lists(_DRAWN, max_size=14),
        clusters,
    )


def _turn(number: int, drawn: tuple[str, str, bool, int, Stage, int | None, int]) -> Turn:
    """No slots are drawn for a small file: it has one."""
    tenant, datasource, exclusive, place, stage, slots, ready = drawn
    return Turn(
        task_id=f"t{number:05}",
        tenant=tenant,
        datasource=datasource,
        exclusive=exclusive,
        accepted_at=at(place),
        stage=stage,
        slots=1 if slots is None else slots,
        small=slots is None,
        ready_at=at(ready),
    )
