"""`ingest contract`: contracts on this machine, with no server: good or not, from and to other languages, compared."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.errors import PermanentError

# A command loads what it needs when it runs: the others, which have no contract, need not wait for its models.
if TYPE_CHECKING:
    from shared.contract import Contract
    from shared.contract.exchange import Loss

LANGUAGES = ("frictionless", "json-schema", "pandera")
EXIT_DIFFERENT = 3
_SUFFIXES = frozenset({".yaml", ".yml"})

app = typer.Typer(no_args_is_help=True, help="Contracts: what the files of a datasource must be.")

_Contract = Annotated[Path, typer.Argument(help="The contract, YAML.", show_default=False)]
_Output = Annotated[str, typer.Option("--output", "-o", help="text or json.")]
_Language = Annotated[str | None, typer.Option("--format", "-f", help=f"One of {', '.join(LANGUAGES)}.")]


class UnreadableError(PermanentError):
    """A file is not there, or may not be read."""


@app.command()
def check(contract: _Contract, output: _Output = "text") -> None:
    """Say whether a contract is good, and if not, each fault with its line. Exit 0 good, 3 not."""
    from shared.contract import ContractError, read_contract

    _known_output(output)
    faults: list[dict[str, Any]] = []
    found: Contract | None = None
    try:
        found = read_contract(_content(contract))
        lines = [f"good: {found.datasource}, {len(found.columns)} columns, {len(found.rules)} rules"]
    except ContractError as error:
        faults = [asdict(fault) for fault in error.faults]
        lines = [f"{contract}: {fault}" for fault in error.faults]
    _show({"good": found is not None, "faults": faults}, lines, output)
    raise typer.Exit(0 if found is not None else EXIT_DIFFERENT)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="The schema in the other language.", show_default=False)],
    language: _Language = None,
    datasource: Annotated[str | None, typer.Option("--datasource", "-d", help="The datasource it is for.")] = None,
) -> None:
    """Write the contract that a schema of another language says. What a contract cannot say is told on stderr."""
    from shared.contract import write_contract
    from shared.contract.exchange import import_text
    from shared.contract.from_report import datasource_of

    known = None if language is None else _language(language)
    contract, losses = import_text(_content(file), known, datasource, fallback=datasource_of(file.name))
    told = _told(losses)
    head = "\n".join([f"Imported from {file.name}.", *(f"Lost: {one}" for one in told)])
    typer.echo(write_contract(contract, {(): head}), nl=False)


@app.command("export")
def export_command(contract: _Contract, language: _Language = None) -> None:
    """Write a contract in another language. What that cannot say is told on stderr."""
    from shared.contract.exchange import export_text

    if language is None:
        msg = f"--format is missing: one of {', '.join(LANGUAGES)}"
        raise typer.BadParameter(msg)
    known = _language(language)
    text, losses = export_text(_read(contract), known)
    _told(losses)
    typer.echo(text, nl=False)


@app.command("diff")
def diff_command(
    old: _Contract,
    new: Annotated[Path, typer.Argument(help="Another version of it, YAML, or a file of data.", show_default=False)],
    output: _Output = "text",
) -> None:
    """Compare two versions of a contract, or a file's columns with one. Exit 3 if a file may be rejected for it."""
    from services.validate_command import report_on
    from shared.contract import diff

    _known_output(output)
    contract = _read(old)
    if new.suffix.lower() in _SUFFIXES:
        changes = diff(contract, _read(new))
        listed = [asdict(change) for change in changes]
        lines = [
            f"{'BREAKS' if one.breaks else 'ok':<6}  {one.kind:<18}  {one.field}: {one.sentence}" for one in changes
        ]
        broken = any(change.breaks for change in changes)
    else:
        found = report_on(new, old).drift
        listed = [one.model_dump() for one in found]
        lines = [f"{one.decision:<6}  {one.kind:<14}  {one.message}" for one in found]
        broken = any(one.decision == "reject" for one in found)
    _show(listed, lines or ["no difference"], output)
    raise typer.Exit(EXIT_DIFFERENT if broken else 0)


def _read(path: Path) -> Contract:
    """The contract of a file; the error of a bad one names the file."""
    from shared.contract import ContractError, read_contract

    try:
        return read_contract(_content(path))
    except ContractError as error:
        msg = f"{path}: {error}"
        raise UnreadableError(msg) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise UnreadableError(msg) from error


def _language(name: str) -> Any:
    if name not in LANGUAGES:
        msg = f"--format is one of {', '.join(LANGUAGES)}, not {name!r}"
        raise typer.BadParameter(msg)
    return name


def _told(losses: Iterable[Loss]) -> list[str]:
    told = [str(loss) for loss in losses]
    for line in told:
        sys.stderr.write(f"ingest: lost: {line}\n")
    return told


def _show(document: Any, lines: list[str], output: str) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False) if output == "json" else "\n".join(lines))


def _known_output(output: str) -> None:
    if output not in {"text", "json"}:
        msg = f"--output is text or json, not {output!r}"
        raise typer.BadParameter(msg)
