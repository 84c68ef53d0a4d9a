"""`ingest validate` and `ingest infer`: the validator's engine on this machine, with no server and no settings."""

from __future__ import annotations

import asyncio
import inspect
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from services import report_view
from services.row_files import RowFile
from services.validator.engine import (
    ChildDied,
    ChildLimits,
    FileReport,
    ParseOptions,
    ParseRequest,
    Rejected,
    Verdict,
    check_in_child,
    unread,
)
from shared.errors import PermanentError
from shared.file_options import FORMATS, PROBLEMS, delimiter_of, quote_of

if TYPE_CHECKING:
    from shared.contract import Contract

EXIT_REJECTED = 3
BAR_AFTER_SECONDS = 1.0

# What the help says of each of the engine's hints; a hint of the engine that is not here is an option without words.
HINTS = {
    "timestamp_column": "The column that holds the time; found if left out.",
    "timestamp_format": "How that time is written, by the format's name or as %d.%m.%Y; found if left out.",
    "time_zone": "The zone of times that name none, such as Europe/Berlin; UTC if left out.",
    "delimiter": "The character between fields; found if left out.",
    "encoding": "The text encoding where it is not UTF-8, by its name in Python.",
    "sheet": "The sheet of a workbook, by name or number; the first if left out.",
    "max_rejected_rows": "The most bad rows that a file may have; more refuse it. No limit if left out.",
    "max_rejected_ratio": "The largest share of bad rows, 0 to 1; 0.05 if left out, and five rows always.",
    "format": f"One of {', '.join(FORMATS)}; the content counts where it says otherwise.",
    "header": "true or false: whether the first record has the column names; found if left out, where that is certain.",
    "skip_rows": "How many lines stand before the header; found if left out, where that is certain.",
    "comment": "How lines begin that are no records, such as #.",
    "quote": 'The character around fields, such as a single quote, or none if there is none; " if left out.',
    "escape": "The character before a quote that belongs to the text, such as a backslash; found if left out.",
    "decimal_mark": "A point or a comma; found for each column if left out, where that is certain.",
    "thousands": "The comma, point, space or apostrophe between groups of three digits; likewise.",
}
# On a command line a zone could be that of the machine: the name says whose it is.
ZONE_OPTION = "--datasource-time-zone"
_NAMES = {"time_zone": ZONE_OPTION}
_FileArgument = Annotated[Path, typer.Argument(help="The file.", show_default=False)]
_OutputOption = Annotated[str, typer.Option("--output", "-o", help="text or json.")]
_InferredOption = Annotated[str, typer.Option("--output", "-o", help="text, json, or yaml: a contract with comments.")]
_RowsOption = Annotated[
    Path | None, typer.Option(help="Where the accepted rows go, as NDJSON; gzipped if it ends in .gz.")
]
_ContractOption = Annotated[
    Path | None, typer.Option(help="The contract of its datasource, YAML; options that are sent win over it.")
]
_RejectsOption = Annotated[Path | None, typer.Option(help="Where the bad rows go with their reasons, likewise.")]


class CannotValidateError(PermanentError):
    """The file could not be judged, for a reason that does not lie in its content."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(_with_hints(validate))
    app.command()(_with_hints(infer))


def validate(
    file: _FileArgument,
    output: _OutputOption = "text",
    rows_out: _RowsOption = None,
    rejects_out: _RejectsOption = None,
    contract: _ContractOption = None,
    **hints: str | None,
) -> None:
    """Judge every row of a file, with no server. Exit 0 accepted, 3 rejected or with rejected rows."""
    request = _Request(file, output, hints, contract=contract)
    _check_places(file, rows_out, rejects_out)
    with ExitStack() as stack:
        rows, rejects = (stack.enter_context(RowFile(place)) if place else None for place in (rows_out, rejects_out))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ingest-")))
        verdict, report = request.judge(folder, write_rows=rows is not None)
        written = {}
        if rows and not isinstance(verdict, Rejected):
            rows.finish(folder / part.name for part in verdict.parts)
            written["good rows"] = str(rows.place)
        if rejects and (verdict.rejects or verdict.rows_rejected is not None):
            rejects.finish([folder / verdict.rejects.name] if verdict.rejects else [])
            written["bad rows"] = str(rejects.place)
    if output == "json":
        typer.echo(report.to_json(), nl=False)
    else:
        _show(report_view.validation_lines(report, str(file), written, request.said))
    raise typer.Exit(0 if report.verdict == "accepted" else EXIT_REJECTED)


def infer(file: _FileArgument, output: _InferredOption = "text", **hints: str | None) -> None:
    """Say what the columns of a file are, and which of them is the time. Exit 0, 3 if the file cannot be read.

    `-o yaml` writes a contract to begin with; `ingest contract` has more for contracts.
    """
    request = _Request(file, output, hints, outputs=("text", "json", "yaml"))
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        _, report = request.judge(Path(folder), write_rows=False)
    if output == "json":
        typer.echo(report.model_dump_json(indent=2, exclude_unset=True, include={"columns", "timestamp"}))
    elif output == "yaml" and report.columns:
        from services import inference

        typer.echo(inference.contract_text(report, file.name), nl=False)
    elif report.verdict == "rejected":
        _show(report_view.validation_lines(report, str(file), said=request.said))
    else:
        _show(report_view.inference_lines(report))
    raise typer.Exit(EXIT_REJECTED if report.verdict == "rejected" else 0)


def report_on(file: Path, contract: Path | None = None) -> FileReport:
    """What `infer` would say of a file, or `validate` by a contract.

    Raises `CannotValidateError` for a file whose columns cannot be told.
    """
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        _, report = _Request(file, "json", {}, contract=contract).judge(Path(folder), write_rows=False)
    if not report.columns or (contract is not None and "drift" not in report.model_fields_set):
        reason = next(
            (sample.message for problem in report.problems for sample in problem.samples), "no column is known"
        )
        msg = f"{file}: {reason}"
        raise CannotValidateError(msg)
    return report


class _Request:
    """A file to judge.

    Raises `typer.BadParameter` for wrong usage and `CannotValidateError` for a file that cannot be read.
    """

    def __init__(
        self,
        file: Path,
        output: str,
        hints: dict[str, str | None],
        outputs: tuple[str, ...] = ("text", "json"),
        contract: Path | None = None,
    ) -> None:
        if output not in outputs:
            msg = f"--output is {', '.join(outputs[:-1])} or {outputs[-1]}, not {output!r}"
            raise typer.BadParameter(msg)
        self._file = file
        said = {name: value for name, value in hints.items() if value is not None}
        self.said = {option_of(name).removeprefix("--"): value for name, value in said.items()}
        self._options = _options(said)
        self._contract = None if contract is None else _contract(contract)
        if contract is not None:
            self.said = {**self.said, "contract": str(contract)}
        _check_readable(file)

    def judge(self, folder: Path, *, write_rows: bool) -> tuple[Verdict, FileReport]:
        """Have the engine judge the file in a child process, which writes into `folder`."""
        request = ParseRequest(
            source_path=self._file.resolve(),
            original_filename=self._file.name,
            output_dir=folder.resolve(),
            task_id=None,
            options=self._options,
            contract=self._contract,
            require_time=False,
            write_rows=write_rows,
        )
        with _progress_bar(self._file.name) as advance:
            try:
                verdict = asyncio.run(check_in_child(request, ChildLimits(), report_progress=advance))
            except ChildDied as died:
                last = str(died).strip().splitlines()[-1]
                msg = f"{self._file} could not be judged, by a fault of this program: {last}"
                raise CannotValidateError(msg) from died
        if verdict.report is None:
            return verdict, unread(verdict.problems)
        return verdict, FileReport.model_validate_json((folder / verdict.report).read_bytes())


def _with_hints(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each hint that the engine takes, in the place of its `**hints`."""
    own = [one for one in inspect.signature(command, eval_str=True).parameters.values() if one.kind != one.VAR_KEYWORD]
    for name in ParseOptions.model_fields:
        option = Annotated[str | None, typer.Option(option_of(name), help=HINTS.get(name))]
        own.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option))
    changed: Any = command
    changed.__signature__ = inspect.Signature(own)
    return command


def option_of(hint: str) -> str:
    """The name under which the command line takes a hint, with its dashes."""
    return _NAMES.get(hint, f"--{hint.replace('_', '-')}")


def _options(hints: dict[str, str]) -> ParseOptions:
    for name, problem_with in PROBLEMS.items():
        value = hints.get(name)
        if value is not None and (fault := problem_with(value)):
            msg = f"{option_of(name)}: {fault}"
            raise typer.BadParameter(msg)
    said = hints.get("delimiter")
    delimiter = None if said is None else delimiter_of(said)
    if said is not None and delimiter is None:
        msg = r"--delimiter must be one character, not a quote or a line's end; write \t for a tab"
        raise typer.BadParameter(msg)
    quote = None if (sign := hints.get("quote")) is None else quote_of(sign)
    try:
        return ParseOptions.model_validate({**hints, "delimiter": delimiter, "quote": quote})
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{option_of(str(first['loc'][0]))}: {first['msg']}"
        raise typer.BadParameter(msg) from error


def _contract(path: Path) -> Contract:
    from shared.contract import ContractError, read_contract

    try:
        return read_contract(path.read_bytes())
    except ContractError as error:
        msg = f"{path}: {error}"
        raise typer.BadParameter(msg) from error
    except OSError as error:
        msg = f"--contract: {path} cannot be read: {error.strerror}"
        raise typer.BadParameter(msg) from error


def _check_readable(file: Path) -> None:
    try:
        str(file.resolve()).encode()
        if not stat.S_ISREG(file.stat().st_mode):
            msg = f"{file} cannot be read: it is no regular file"
            raise CannotValidateError(msg)
        with file.open("rb"):
            pass
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise CannotValidateError(msg) from error
    except UnicodeEncodeError as error:
        msg = f"{str(file)!a} cannot be read: its name is no text in UTF-8"
        raise CannotValidateError(msg) from error


def _check_places(file: Path, *places: Path | None) -> None:
    """Raise when two of the files are one."""
    taken = [file.resolve()]
    for place in (place.resolve() for place in places if place):
        if place in taken:
            msg = f"{place} is named twice: what is written must be a file of its own"
            raise typer.BadParameter(msg)
        taken.append(place)


@contextmanager
def _progress_bar(name: str) -> Iterator[Callable[[float], None] | None]:
    """What is to be called with the share that is done; it shows a bar on a terminal, once that has taken a second."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=errors, transient=True)
    shown = bar.add_task(name, total=1.0)
    begun = time.monotonic()

    def advance(share: float) -> None:
        if time.monotonic() - begun >= BAR_AFTER_SECONDS:
            bar.start()
            bar.update(shown, completed=share)

    try:
        yield advance
    finally:
        bar.stop()


def _show(lines: list[report_view.Line]) -> None:
    out = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        out.print(line.text, style=line.style or None, soft_wrap=True)
