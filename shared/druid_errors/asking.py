"""A question that Druid does not answer: SQL, a task's report, segments."""

from __future__ import annotations

from .entry import Entry, Fault, Place

_QUERY = (Place.QUERY,)
_MANAGEMENT = (Place.MANAGEMENT,)
_STATEMENT = "Put the statement right and send it again."
_REPORT = "This is a fault in how Druid was asked: report it with Druid's own words."

ENTRIES = (
    Entry(
        code="druid_table_unknown",
        places=_QUERY,
        patterns=(r"Object '(?P<table>(?s:.*))' not found",),
        cause="Druid's SQL does not know the datasource {table}: it is new, has no segment, or is called otherwise.",
        fault=Fault.NOBODY,
        what_to_do="Wait for a minute, within which SQL learns of new datasources, and compare the name.",
        safe_to_retry=True,
        example="Object 'nobody_has' not found (line [1], column [22])",
    ),
    Entry(
        code="druid_column_unknown",
        places=_QUERY,
        patterns=(r"Column '(?P<column>(?s:.*?))' not found in",),
        cause="Druid's SQL does not know the column {column}: no segment has it, or it is called otherwise.",
        fault=Fault.NOBODY,
        what_to_do="Wait for a minute, within which SQL learns of new columns, and compare the name, letter by letter.",
        safe_to_retry=True,
        example="Column 'zzz' not found in any table (line [1], column [8])",
    ),
    Entry(
        code="druid_sql_syntax",
        places=_QUERY,
        patterns=(
            r"(?P<what>Incorrect syntax near [^\n]*?)\.?(?:\n|$)",
            r"(?P<what>Received an unexpected token \[.*?\] \(line \[\d+\], column \[\d+\]\))",
            r"(?P<what>Non-query expression encountered in illegal context)",
        ),
        cause="The statement is no SQL of Druid's: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=_STATEMENT,
        safe_to_retry=False,
        example="Incorrect syntax near the keyword 'FROM' at line 1, column 8.",
    ),
    Entry(
        code="druid_function_unknown",
        places=_QUERY,
        patterns=(r"No match found for function signature (?P<function>[^\n]*?)(?: \(line|$)",),
        cause="Druid's SQL has no such function for these arguments: {function}.",
        fault=Fault.PLATFORM,
        what_to_do=_STATEMENT + " Functions of sketches need their extension.",
        safe_to_retry=False,
        example="No match found for function signature NOFUNC(<NUMERIC>) (line [1], column [8])",
    ),
    Entry(
        code="druid_types_do_not_fit",
        places=_QUERY,
        patterns=(r"Cannot apply '(?P<operator>[^']*)' to arguments of type '(?P<types>[^\n]*?)'\.",),
        cause="The operator {operator} of the statement does not take values of these types: {types}.",
        fault=Fault.PLATFORM,
        what_to_do=_STATEMENT,
        safe_to_retry=False,
        example=(
            "Cannot apply '+' to arguments of type '<DOUBLE> + <DATE>'. Supported form(s): '<NUMERIC> + <NUMERIC>'"
        ),
    ),
    Entry(
        code="druid_not_grouped",
        places=_QUERY,
        patterns=(r"Expression '(?P<expression>[^\n]*?)' is not being grouped",),
        cause="The statement counts, and {expression} is neither counted nor grouped by.",
        fault=Fault.PLATFORM,
        what_to_do=_STATEMENT,
        safe_to_retry=False,
        example="Expression 'a' is not being grouped (line [1], column [8])",
    ),
    Entry(
        code="druid_order_unsupported",
        places=_QUERY,
        patterns=(r"SQL query requires ordering a table by non-time column \[\[(?P<columns>[^\]]*)\]\]",),
        cause="Druid returns the rows of a table in the order of time only, not by {columns}.",
        fault=Fault.PLATFORM,
        what_to_do="Order by __time, or group the rows; ordering of few rows is best done after the query.",
        safe_to_retry=False,
        example=(
            "Query could not be planned. A possible reason is [SQL query requires ordering a table by non-time column "
            "[[a]], which is not supported.]"
        ),
    ),
    Entry(
        code="druid_query_too_large",
        places=_QUERY,
        patterns=(r"subqueries generated results beyond maximum\[(?P<most>\d+)\] rows",),
        cause="An inner query has more than {most} rows, and this Druid keeps no more in memory.",
        fault=Fault.DRUID,
        what_to_do="Ask for less, or have maxSubqueryBytes set to auto.",
        safe_to_retry=False,
        example="Cannot issue the query, subqueries generated results beyond maximum[1] rows.",
    ),
    Entry(
        code="druid_query_timeout",
        places=_QUERY,
        patterns=(r"(?:Query ?|url)\[[^\]]*\] timed out", r"Query did not complete within configured timeout"),
        cause="The query took longer than Druid allows.",
        fault=Fault.DRUID,
        what_to_do="Ask again when Druid is less busy; for good, have druid.server.http.defaultQueryTimeout raised.",
        safe_to_retry=True,
        example="Query[810709e9-0fdc-40fe-903f-22b1c6a5d41c] url[http://127.0.0.1:23283/druid/v2/] timed out.",
    ),
    Entry(
        code="druid_statement_unsupported",
        places=_QUERY,
        patterns=(r"(?P<kind>\w+) operations are not supported by requested SQL engine \[(?P<engine>\w+)\]",),
        cause="This address of Druid's SQL only answers; it does not run a statement of the kind {kind}.",
        fault=Fault.PLATFORM,
        what_to_do="Load rows with an upload, not with SQL.",
        safe_to_retry=False,
        example="INSERT operations are not supported by requested SQL engine [native], consider using MSQ.",
    ),
    Entry(
        code="druid_task_unknown",
        places=_MANAGEMENT,
        patterns=(r"Cannot find any task with id: \[(?P<id>[^\]]*)\]",),
        cause="Druid knows no task {id}: it never had it, or has purged it.",
        fault=Fault.NOBODY,
        what_to_do="Count the load's rows before it is sent again: what became of the task can no longer be asked.",
        safe_to_retry=False,
        example="Cannot find any task with id: [nobody]",
    ),
    Entry(
        code="druid_report_missing",
        places=_MANAGEMENT,
        patterns=(r"No task reports were found for this task",),
        cause="Druid has no report of the task: it has not begun, was stopped, or failed before it could write one.",
        fault=Fault.NOBODY,
        what_to_do=(
            "Ask again when the task has ended; a report that is still missing then says nothing about its rows."
        ),
        safe_to_retry=True,
        example=("No task reports were found for this task. The task may not exist, or it may not have completed yet."),
    ),
    Entry(
        code="druid_request_incomplete",
        places=_MANAGEMENT,
        patterns=(
            r"(?P<what>No Task IDs provided)",
            r"Invalid request\. (?P<what>forceMetadataRefresh must be specified)",
            r"Invalid request payload\. (?P<what>Specify either [^.]*)",
        ),
        cause="The question lacks something, or says too much: {what}.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example=(
            "Invalid request payload. Specify either 'interval' or 'segmentIds', but not both. Optionally, include "
            "'versions' only when 'interval' is provided."
        ),
    ),
    Entry(
        code="druid_segment_id",
        places=_MANAGEMENT,
        patterns=(r"Could not parse Segment ID\[(?P<id>[^\]]*)\]",),
        cause="{id} is no id of a segment of this datasource.",
        fault=Fault.PLATFORM,
        what_to_do=_REPORT,
        safe_to_retry=False,
        example="Could not parse Segment ID[nobody] for DataSource[cat_probe]",
    ),
)
