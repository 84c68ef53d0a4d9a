"""The verdict, and how the file was read: first what somebody may not expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.validator.engine.document import FileReport, ReportColumn, ReportDialect

from .lines import BAD, DOUBTFUL, GOOD, QUIET, Line, fit, grouped, shown, wrapped

_VERDICTS = {
    "accepted": ("ACCEPTED", GOOD),
    "accepted_with_rejects": ("ACCEPTED WITH REJECTS", DOUBTFUL),
    "rejected": ("REJECTED", BAD),
}


def head_lines(report: FileReport, name: str) -> Iterator[Line]:
    """The verdict on the file called `name`, its rows, and how it was read."""
    word, style = _VERDICTS[report.verdict]
    yield Line(fit(f"{word}  {shown(name)}"), style)
    rows = report.rows
    if rows.read is not None:
        figures = f"  {grouped(rows.read)} rows read"
        if rows.accepted is not None and rows.rejected is not None:
            figures += f", {grouped(rows.accepted)} good, {grouped(rows.rejected)} bad"
        yield Line(figures)
    how = [report.compression, report.format, report.encoding]
    if report.dialect.delimiter:
        how.append(f"delimiter {report.dialect.delimiter!r}")
    if report.dialect.sheet is not None:
        how.append(f"sheet {shown(report.dialect.sheet)}")
    if report.dialect.archive:
        how.append(f"{grouped(len(report.dialect.members))} members of a {report.dialect.archive}")
    if said := ", ".join(part for part in how if part):
        yield Line(fit(f"  {said}"), QUIET)
    yield from _left_out(report.dialect)
    yield from _renamed(report.columns)


def _renamed(columns: Sequence[ReportColumn]) -> Iterator[Line]:
    """The columns whose header cell is not their name."""
    renamed = [f"{shown(one.source_name) or '(blank)'} -> {shown(one.name)}" for one in columns if one.renamed]
    if renamed:
        yield Line(fit(f"  renamed: {', '.join(renamed)}"), DOUBTFUL)


def _left_out(dialect: ReportDialect) -> Iterator[Line]:
    """What somebody may not expect: which part of the file was not read, and that it is not what its name says."""
    if dialect.header is False:
        yield Line("  no header: the columns are numbered", DOUBTFUL)
    told = (
        ("before the header not read", dialect.skip_rows, dialect.skip_rows_evidence),
        ("of comments not read", dialect.comment_lines, f"they begin with {dialect.comment}"),
    )
    for what, count, why in told:
        if count:
            lines = "1 line" if count == 1 else f"{grouped(count)} lines"
            yield from (Line(line.text, DOUBTFUL) for line in wrapped(f"{lines} {what}: {shown(why or '')}", "  "))
    for said in dialect.overruled:
        yield from (Line(line.text, DOUBTFUL) for line in wrapped(shown(said), "  "))
    if dialect.trailing_delimiter:
        yield from (Line(line.text, DOUBTFUL) for line in wrapped(dialect.trailing_delimiter, "  "))
    for what, names in (("sheets", dialect.other_sheets), ("members", dialect.skipped_members)):
        if names:
            yield Line(fit(f"  {what} not read: {shown(', '.join(names))}"), DOUBTFUL)
    if dialect.disagreement:
        yield from (Line(line.text, DOUBTFUL) for line in wrapped(dialect.disagreement, "  "))
