"""Writing while the first pass still runs, by what it has found so far.

The first block of a file mostly shows what its columns are. Its plan is held against the plan after every later block;
while they read the same, the block is written too, and at the end the second pass is done. When they differ, all that
was written is removed, and the second pass reads the file again: what is found is the same either way, and only the
time differs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .block import Block
from .plan import Plan
from .survey import Survey
from .verdict import Problem
from .writing import Writing


class AtOnce:
    """Takes each block of the first pass after the survey has. `guess` gives the plan if the file ended here.

    A block is written in a thread of its own, beside the survey of the next one.
    """

    def __init__(
        self,
        guess: Callable[[Survey], Plan],
        write: Callable[[Plan], Writing],
        *,
        may_stay_open: Callable[[Problem], bool],
        give_up: Callable[[], None],
    ) -> None:
        self._guess = guess
        self._write = write
        self._may_stay_open = may_stay_open
        self._told = give_up
        self._given_up = False
        self._writing: Writing | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting: Future[bool] | None = None

    def take(self, survey: Survey, block: Block) -> None:
        """Write a block, unless the plan has changed."""
        if self._given_up:
            return
        self._settle()
        plan = self._guess(survey)
        if isinstance(plan.choice, Problem) and not self._may_stay_open(plan.choice):
            self.give_up()
            return
        if self._writing is None:
            self._writing = self._write(plan)
        elif not plan.reads_like(self._writing.plan):
            if self._writing.has_judged:
                self.give_up()
                return
            self._writing.follow(plan)
        if not self._writing.figures.stopped:
            self._waiting = self._thread.submit(self._writing.take, block, self._writing.times_in(survey))

    def give_up(self) -> None:
        """Remove what was written, and write nothing more."""
        if not self._given_up:
            self._told()
        self.discard()
        self._given_up = True

    def discard(self) -> None:
        """Remove what was written."""
        self._thread.shutdown()
        if self._writing is not None:
            self._writing.discard()
        self._writing = None

    def result(self, plan: Plan, records: int) -> Writing | None:
        """What was written, if that is what `plan` asks for; else it is removed, and the result is None."""
        self._settle()
        self._thread.shutdown()
        written = self._writing
        if written is None or not written.plan.reads_like(plan):
            self.give_up()
            return None
        written.confirm(plan)
        written.conclude(records)
        return written

    def _settle(self) -> None:
        """Wait for the last block to be written."""
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.result()
