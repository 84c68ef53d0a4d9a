"""From the first pass to the plan of the second: the time, and a writer for each column that is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from .canonical import ColumnWriter
from .case import Case
from .cells import CellReading
from .expected import time_of
from .file_problems import drifted
from .plan import Plan
from .survey import Survey
from .timechoice import TimeChoice, choose_time, list_candidates
from .verdict import BadFile, Problem


def guess(case: Case, survey: Survey, named: int | None) -> Plan:
    """The plan if the file ended here. Only for a file whose types are not given."""
    survey.declare(case.reader.types)
    choice = _choose(case, survey, named)
    return _plan(case, survey, choice, _readings(survey))


def decide(case: Case, survey: Survey, named: int | None) -> Plan | list[Problem]:
    """The plan by all rows, or the problems for which a contract refuses the file; the report has the evidence."""
    choice = _choose(case, survey, named)
    if choice is not None:
        tallies = [column.times for column in survey.columns]
        case.report.set_time(list_candidates(tallies, case.labels, choice))
    readings = _readings(survey)
    if survey.cells.dropped is not None:
        case.report.add_reading(trailing_delimiter="the last column has neither a name nor a value: it is dropped")
    if case.conformity is not None and survey.good and (problems := _settle(case, survey, readings, choice)):
        return problems
    return _plan(case, survey, choice, readings)


def _choose(case: Case, survey: Survey, named: int | None) -> TimeChoice | Problem | None:
    """The time, or what stands against choosing one; None without a well-formed record."""
    if not survey.good:
        return None
    if case.correction is not None and case.types is not None and (known := time_of(case.types.columns)):
        return known
    try:
        return choose_time([column.times for column in survey.columns], case.labels, case.options, named)
    except BadFile as bad:
        return bad.problem


def _readings(survey: Survey) -> dict[int, CellReading]:
    return survey.cells.conclude([column.types for column in survey.columns])


def _settle(
    case: Case, survey: Survey, readings: Mapping[int, CellReading], choice: TimeChoice | Problem | None
) -> list[Problem]:
    """Conclude what the contract says about the columns; the problems are those that refuse the file."""
    conformity = case.conformity
    if conformity is None:
        return []
    if case.types is not None:
        conformity.take(case.types.columns, case.reader.blocks)
        return []
    time = choice if isinstance(choice, TimeChoice) else None
    drifts = conformity.settle(survey, readings, time, case.reader.blocks)
    case.report.set_drift(drifts)
    case.types = conformity.types()
    return drifted([drift for drift in drifts if drift.rejects_the_file])


def _plan(case: Case, survey: Survey, choice: TimeChoice | Problem | None, readings: Mapping[int, CellReading]) -> Plan:
    left_out = frozenset() if case.conformity is None else case.conformity.left_out
    unloaded = left_out | {survey.cells.dropped}
    time = choice.index if isinstance(choice, TimeChoice) else None
    columns = [
        _writer(case, index, survey, readings.get(index))
        for index in range(len(case.names))
        if choice is not None and index not in {time, *unloaded}
    ]
    return Plan(choice, columns, unloaded)


def _writer(case: Case, index: int, survey: Survey, reading: CellReading | None) -> ColumnWriter:
    if case.types is not None and index in case.types.columns:
        return case.types.writer(index)
    name, found = case.names[index].name, survey.columns[index]
    if reading is None:
        return ColumnWriter(index, name, found.logical_type, found.time_format)
    return ColumnWriter(index, name, reading.type, style=reading.style, number_note=reading.note)
