"""A file from its bytes to its verdict: what it is, over all rows; then the canonical parts and the rejects.

Where the first rows show what the file is, both are done in one pass (`at_once`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from . import planning
from .ahead import read_ahead
from .at_once import AtOnce
from .block import Block
from .canonical import ColumnWriter, typed_columns
from .case import Case
from .cells import check_marks
from .concluding import conclude, stop
from .formats.opening import open_file
from .formats.scratch import Scratch
from .plan import Plan
from .progress import Pass
from .report import Report
from .request import ParseRequest
from .survey import Survey, survey_file
from .timechoice import check_options
from .verdict import BadFile, Code, Problem, Verdict
from .writing import Writing

Begin = Callable[..., None]
# What may stay a question while the rows are judged.
_OPEN_TIME = (Code.TIMESTAMP_MISSING, Code.TIMESTAMP_AMBIGUOUS)


def parse_file(request: ParseRequest, *, begin: Begin = lambda *_: None) -> Verdict:
    """Judge one file and write its canonical files into `request.output_dir`.

    A bad file is a `Rejected`; an exception is a fault of the program or the machine. `begin` is called with the passes
    that begin, before each reading of the file.
    """
    report = Report(request)
    try:
        if request.contract is not None:
            from .contract_options import options_with  # noqa: PLC0415  # loads the models of contracts

            options, overruled = options_with(request.options, request.contract)
            request = request.model_copy(update={"options": options})
            if overruled:
                report.add_reading(overruled=list(overruled))
        check_options(request.options)
        check_marks(request.options)
        with Scratch(request.output_dir) as scratch:
            return _Parse(Case(request, open_file(request, scratch), report), begin).run()
    except BadFile as bad:
        return report.reject([bad.problem])


class _Parse:
    def __init__(self, case: Case, begin: Begin) -> None:
        self._case = case
        self._begin = begin
        self._refused = False
        self._discard: Callable[[], None] = lambda: None

    def run(self) -> Verdict:
        """All passes; when the file turns out unreadable no part is left behind."""
        try:
            return self._run()
        except BadFile:
            self._discard()
            raise
        finally:
            if self._case.conformity is not None:
                self._case.conformity.close()

    def _run(self) -> Verdict:
        case = self._case
        named = case.named_time()
        early = self._at_once(named)
        survey = survey_file(
            case.reader,
            case.labels,
            case.options,
            named,
            case.limits,
            case.conformity if case.correction is None else None,
            each=None if early is None else early.take,
        )
        case.report.set_survey(None if survey.stopped or survey.decided else survey.records, survey.blank_lines)
        if survey.stopped:
            if early is not None:
                early.give_up()
            return stop(case, self._write(Plan(None, [], frozenset()), survey))
        self._refused = case.limits.refuses(survey.records - survey.good, survey.records)
        if not survey.records:
            return case.report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        plan = planning.decide(case, survey, named)
        if not isinstance(plan, Plan):
            return case.report.reject(plan)
        if case.conformity is not None and plan.columns:
            case.conformity.check_loading({one.name: one.logical_type for one in plan.columns})
        if isinstance(plan.choice, Problem) and not (self._refused or self._may_stay_open(plan.choice)):
            self._discard()
            self._begin(Pass.WRITE)
            return self._refuse(plan.choice, plan.columns, survey)
        writing = None if early is None else early.result(plan, survey.records)
        if writing is None:
            self._begin(Pass.WRITE)
            writing = self._write(plan, survey)
        if writing.figures.stopped:
            return stop(case, writing)
        if survey.decided:
            msg = "rows that are bad under the contract were judged good"
            raise AssertionError(msg)
        self._begin(Pass.RECOUNT)
        return conclude(case, survey, writing, case.reader.count_again())

    def _at_once(self, named: int | None) -> AtOnce | None:
        """What writes in the first pass. Where types are given they have to be settled before."""
        case = self._case
        if case.conformity is not None or case.correction is not None:
            self._begin(Pass.SURVEY)
            return None
        self._begin(Pass.SURVEY, Pass.WRITE)
        early = AtOnce(
            partial(planning.guess, case, named=named),
            partial(Writing, case),
            may_stay_open=self._may_stay_open,
            give_up=partial(self._begin, Pass.SURVEY),
        )
        self._discard = early.discard
        return early

    def _may_stay_open(self, problem: Problem) -> bool:
        """Whether the rows are judged without a time, for which nobody asks."""
        return not self._case.request.require_time and problem.code in _OPEN_TIME

    def _refuse(self, problem: Problem, columns: Sequence[ColumnWriter], survey: Survey) -> Verdict:
        """Reject the file for its time, and describe its columns all the same: they show what the time may be."""
        for block in self._blocks():
            typed_columns(block.frame, columns)
        self._case.report.set_columns(columns, survey.columns)
        return self._case.report.reject([problem])

    def _write(self, plan: Plan, survey: Survey) -> Writing:
        writing = Writing(self._case, plan, records=survey.records, refused=self._refused)
        self._discard = writing.discard
        for block in self._blocks():
            if not writing.take(block):
                break
        return writing

    def _blocks(self) -> Iterator[Block]:
        return read_ahead(self._case.reader.blocks())
