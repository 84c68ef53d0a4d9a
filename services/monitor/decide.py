"""The monitor's rules: what an answer of Druid's means, when to look again, and when a task is over.

Pure. Time comes in as arguments. Two questions are asked in turn: `observe` (what has become of the Druid task?) until
Druid calls it ended or has lost it, then `judge` (are its rows there?) until there is a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.monitor.evidence import End, Evidence, Patience
from services.monitor.ledger import reconcile
from shared.druid import DruidState, DruidTaskStatus, DruidWait, RowsCounted, first_line
from shared.druid_errors import Place, explain, told
from shared.events import Ledger, LedgerStatus, Problem

MOST_REPOSTS = 3


@dataclass(frozen=True)
class Pending:
    """It waits in Druid, for what it says, or is missing for a moment: look again."""

    waits_for: DruidWait | None = None


@dataclass(frozen=True)
class Running:
    """It reads rows."""


@dataclass(frozen=True)
class Missing:
    """Druid does not know it, for the first time."""


@dataclass(frozen=True)
class Ended:
    """Now its rows have to be looked for."""

    end: End
    error: str | None = None


Observation = Pending | Running | Missing | Ended


def observe(
    status: DruidTaskStatus | None, *, missing_since: datetime | None, now: datetime, patience: Patience
) -> Observation:
    """What Druid's answer means; `status` is None when Druid does not know the task."""
    if status is None:
        if missing_since is None:
            return Missing()
        return Ended(End.LOST) if now - missing_since >= patience.missing else Pending()
    match status.state:
        case DruidState.RUNNING:
            return Running() if status.placed else Pending(status.waits_for)
        case DruidState.SUCCESS:
            return Ended(End.SUCCESS)
        case DruidState.FAILED:
            return Ended(End.FAILED, status.error or "Druid gave no reason")


@dataclass(frozen=True)
class Again:
    """Too early to say."""


@dataclass(frozen=True)
class Proven:
    """All rows are there, once, as far as the ledger's status says."""

    ledger: Ledger


@dataclass(frozen=True)
class Disproven:
    """They are not, and waiting does not help."""

    problem: Problem
    ledger: Ledger


@dataclass(frozen=True)
class PostAgain:
    """Druid has lost the task and has none of its rows: the same post may be made again, once it is `due`."""

    due: bool


Verdict = Again | Proven | Disproven | PostAgain


def judge(evidence: Evidence, patience: Patience) -> Verdict:
    """Whether the rows are there. The count decides whatever Druid says about its task."""
    # A failed or lost task may have published all the same; what is left of its report is then no figure to compare.
    stats = evidence.stats if evidence.end is End.SUCCESS else None
    ledger = reconcile(evidence.expected, stats=stats, counted=evidence.counted, counted_at=evidence.counted_at)
    if ledger.status is LedgerStatus.RECONCILED:
        return _judge_equal(evidence, ledger, patience)
    if not evidence.loaded:
        late = evidence.since_end >= patience.load
        return Disproven(_problem("load_timeout", _NOT_LOADED, evidence), ledger) if late else Again()
    return _judge_short(evidence, ledger, patience)


def _judge_equal(evidence: Evidence, ledger: Ledger, patience: Patience) -> Verdict:
    """The figures agree. What is not loaded is somebody else's, unless the rows are in Druid twice."""
    reported = ledger.rows_processed is not None
    if evidence.loaded:
        report_may_come = evidence.end is End.SUCCESS and not reported and evidence.since_end < patience.report
        return Again() if report_may_come else Proven(ledger)
    if reported and evidence.since_end >= patience.count:
        return Proven(ledger)
    if evidence.since_end >= patience.load:
        return Proven(ledger.model_copy(update={"status": LedgerStatus.UNPROVEN, "reason": _NOT_ALL_LOADED}))
    return Again()


def _judge_short(evidence: Evidence, ledger: Ledger, patience: Patience) -> Verdict:
    """The figures differ: for good, once the grace of this kind of doubt has passed."""
    if evidence.counted is None:
        believed = evidence.since_end >= patience.load
    else:
        believed = evidence.since_counted >= _grace(evidence, patience)
    return _meaning(evidence, ledger, patience) if believed else Again()


def _grace(evidence: Evidence, patience: Patience) -> timedelta:
    if evidence.rows is None:
        return patience.visible
    return patience.settle if evidence.end is End.FAILED and not evidence.rows else patience.count


def _meaning(evidence: Evidence, ledger: Ledger, patience: Patience) -> Proven | Disproven | PostAgain:
    match evidence.end:
        case End.SUCCESS if _not_retained(evidence):
            return Proven(ledger.model_copy(update={"status": LedgerStatus.UNPROVEN, "reason": _NOT_RETAINED}))
        case End.SUCCESS if evidence.counted is None:
            code, text = "not_queryable", _UNCOUNTED
        case End.SUCCESS if evidence.rows is None:
            code, text = "not_queryable", _INVISIBLE
        case End.SUCCESS:
            code, text = "row_mismatch", _MISMATCH
        case End.FAILED:
            return Disproven(_failure(evidence), ledger)
        case End.LOST if evidence.rows != 0:
            code, text = "druid_task_lost", _LOST
        case End.LOST if evidence.reposts >= MOST_REPOSTS:
            code, text = "druid_task_lost", _LOST_AGAIN
        case End.LOST:
            return PostAgain(due=evidence.since_counted >= patience.repost)
    return Disproven(_problem(code, text, evidence), ledger)


def _not_retained(evidence: Evidence) -> bool:
    """Druid has reported every row, and has put all of them away as it was told to."""
    if evidence.segments or not evidence.dropped or evidence.stats is None:
        return False
    expected = evidence.expected
    if_all_were_there = RowsCounted(expected.rows_accepted, "")
    figures = reconcile(expected, stats=evidence.stats, counted=if_all_were_there, counted_at=evidence.counted_at)
    return figures.status is LedgerStatus.RECONCILED


def pace(age: timedelta, *, quickest: timedelta, slowest: timedelta) -> timedelta:
    """How long until the next look at something that began `age` ago: an eighth of its age, within bounds."""
    return max(quickest, min(slowest, age / 8))


_WHAT_TO_DO = (
    " The rows that are there carry this task's id in the column ingest_task_id: look at them, or remove them, before "
    "the file is uploaded again."
)
_MISMATCH = (
    "Druid finished the load, but has {counted} rows of it where {accepted} were accepted "
    "(its report: {processed} processed, {lost} lost)." + _WHAT_TO_DO
)
_INVISIBLE = (
    "Druid finished the load of {accepted} rows, but its SQL does not know the datasource. Ask whoever runs Druid; "
    "nothing is known to be wrong with the file."
)
_UNCOUNTED = (
    "Druid finished the load of {accepted} rows, but refuses to count them. Ask whoever runs Druid; nothing is known "
    "to be wrong with the file."
)
_NOT_LOADED = (
    "Druid finished the load of {accepted} rows, but did not make its segments queryable in time; {counted} rows "
    "can be seen. Ask whoever runs Druid; upload the file again only when the rows are known to be gone."
)
_HAS = "Druid has {counted} of {accepted} rows."
_FAILED = "Druid could not load the file: {error}. It has {counted} of {accepted} rows."
_LOST_AGAIN = (
    "Druid does not know the load, though it was to be posted again {reposts} times, and has none of its {accepted} "
    "rows. Ask whoever runs Druid and the submitter, then upload the file again."
)
_NOT_RETAINED = (
    "not_retained: Druid has processed all accepted rows, and a retention rule of the datasource drops the time that "
    "they are of, so they cannot be counted"
)
_NOT_ALL_LOADED = (
    "all accepted rows are counted, but not all segments of their time can be queried, and Druid has no report that "
    "rules out that they hold rows twice"
)
_LOST = "Druid does not know the load any more, and has {counted} of {accepted} rows of it." + _WHAT_TO_DO


def _failure(evidence: Evidence) -> Problem:
    """The catalogue's words for why Druid failed; where it knows none, Druid's own."""
    counts = _problem("druid_failed", _HAS, evidence).message
    explanation = explain(evidence.error or "", Place.TASK)
    unknown = _problem("druid_failed", _FAILED, evidence)
    return told(unknown, explanation, more=counts, nothing_loaded=evidence.rows == 0)


def _problem(code: str, text: str, evidence: Evidence) -> Problem:
    rows, stats = evidence.rows, evidence.stats
    message = text.format(
        accepted=evidence.expected.rows_accepted,
        counted="an unknown number" if rows is None else rows,
        processed=stats.processed if stats else "unknown",
        lost=stats.lost if stats else "unknown",
        reposts=evidence.reposts,
        error=(first_line(evidence.error) or "no reason was given").rstrip("."),
    )
    return Problem(
        code=code,
        message=message,
        detail={
            "rows_accepted": evidence.expected.rows_accepted,
            "rows_counted": rows,
            "druid_end": evidence.end.value,
        },
    )
