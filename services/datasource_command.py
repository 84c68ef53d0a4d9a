"""`ingest datasource`: the contracts that the gateway keeps."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services import plain_name, report_view
from services.following import say
from services.installed import connect
from services.validate_command import EXIT_REJECTED, Request, show, with_hints
from shared.datasource_name import problem_with
from shared.errors import PermanentError

EXIT_REFUSED = 3
_VERSION_REQUIRED = 428
_MEDIA_TYPES = {"yaml": "application/yaml", "json": "application/json"}

app = typer.Typer(no_args_is_help=True, help="Datasources: the contracts that the gateway keeps for them.")

_Name = Annotated[str, typer.Argument(help="The datasource.", show_default=False)]
_Output = Annotated[str, typer.Option("--output", "-o", help="text or json.")]
_Form = Annotated[str, typer.Option("--output", "-o", help="yaml, as it was sent, or json.")]


class UnreadableError(PermanentError):
    """A file is not there, or may not be read."""


def create(
    name: _Name,
    file: Annotated[Path, typer.Argument(help="A file as those to come will be.", show_default=False)],
    *,
    name_as_is: Annotated[
        bool, typer.Option("--name-as-is", help="Take a name that has to be quoted in every query.")
    ] = False,
    user: Annotated[str | None, typer.Option(help="Who creates it.")] = None,
    output: _Output = "text",
    **hints: str | None,
) -> None:
    """Keep a first contract for a datasource, made of what a file has. Exit 0 kept, 3 if the file cannot be read.

    A name that is no plain word is refused with a plain one beside it, unless --name-as-is is there. `ingest infer
    -o yaml` shows the contract before; `datasource put` keeps a better one.
    """
    _known(output, "text", "json")
    _check_name(name, as_is=name_as_is)
    request = Request(file, "text", hints)
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        _, report = request.judge(Path(folder), write_rows=False)
    if not report.columns:
        show(report_view.validation_lines(report, str(file), said=request.said))
        raise typer.Exit(EXIT_REJECTED)
    from services import inference

    version = _keep_first(name, inference.contract_text(report, file.name, datasource=name).encode(), user)
    if report.timestamp is None or report.timestamp.column is None:
        say("no column is the time for certain: give one `role: time` in the contract")
    _print(version, [f"{name}: version {version['version']}, {len(report.columns)} columns, from {file.name}"], output)


app.command()(with_hints(create))


@app.command()
def get(
    name: _Name,
    version: Annotated[int | None, typer.Option(help="Which version; the latest if left out.", min=1)] = None,
    output: _Form = "yaml",
) -> None:
    """Print the contract of a datasource."""
    _known(output, "yaml", "json")
    with connect() as client:
        content = client.contract(name, version=version, media_type=_MEDIA_TYPES[output])
    sys.stdout.buffer.write(content)
    if output == "json":
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()


@app.command()
def put(
    name: _Name,
    file: Annotated[Path, typer.Argument(help="The contract, YAML or JSON.", show_default=False)],
    follows: Annotated[
        int | None, typer.Option(help="The version that it is to follow; needed once there is one.", min=1)
    ] = None,
    user: Annotated[str | None, typer.Option(help="Who sends it.")] = None,
    output: _Output = "text",
) -> None:
    """Keep a contract as the next version of its datasource. Exit 0 kept, 3 it has faults."""
    from services.gateway_client import GatewayError

    _known(output, "text", "json")
    media_type = _MEDIA_TYPES["json" if file.suffix.lower() == ".json" else "yaml"]
    content = _content(file)
    try:
        with connect() as client:
            version, is_new = client.put_contract(name, content, media_type=media_type, follows=follows, user_id=user)
    except GatewayError as error:
        if not error.faults:
            raise
        for fault in error.faults:
            sys.stderr.write(f"ingest: {file}: {_fault(fault)}\n")
        raise typer.Exit(EXIT_REFUSED) from error
    news = "" if is_new else ", which it was before"
    _print(version, [f"{name}: version {version['version']}{news}"], output)


@app.command()
def history(name: _Name, output: _Output = "text") -> None:
    """List every version of a datasource's contract, the latest first."""
    _known(output, "text", "json")
    with connect() as client:
        document = client.contract_history(name)
    lines = [
        f"{one['version']:>7}  {one['created_at'][:19]}Z  {one['sha256'][:12]}  {one['created_by'] or ''}".rstrip()
        for one in document["versions"]
    ]
    _print(document, ["version  created               sha256        by", *lines], output)


def _keep_first(name: str, content: bytes, user: str | None) -> Mapping[str, Any]:
    """Keep the first version; the same once more is no other one."""
    from services.gateway_client import GatewayError

    try:
        with connect() as client:
            version, _ = client.put_contract(name, content, media_type=_MEDIA_TYPES["yaml"], follows=None, user_id=user)
    except GatewayError as error:
        if error.status != _VERSION_REQUIRED:
            raise
        msg = f"{name!r} has a contract already: see `ingest datasource get`; `ingest datasource put` changes it"
        raise GatewayError(msg, status=error.status) from error
    return version


def _check_name(name: str, *, as_is: bool) -> None:
    """Refuse a name that Druid does not take, and one that is awkward unless that is meant."""
    if fault := problem_with(name):
        msg = f"the name of a datasource {fault}"
        raise typer.BadParameter(msg)
    why = None if as_is else plain_name.why_awkward(name)
    if why is not None:
        plain = plain_name.plain_name(name)
        better = f"`{plain}` would need none" if plain else "a word of ASCII letters would need none"
        msg = (
            f"{name!r} needs quotes in every query, because {why}; {better}. No name can be changed later: take that "
            "one, or say --name-as-is"
        )
        raise typer.BadParameter(msg)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise UnreadableError(msg) from error


def _fault(fault: Mapping[str, Any]) -> str:
    place = f"line {fault['line']}, column {fault['column']}: " if fault.get("line") else ""
    return place + (f"{fault['field']}: {fault['message']}" if fault.get("field") else str(fault.get("message")))


def _print(document: Mapping[str, Any], lines: list[str], output: str) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False) if output == "json" else "\n".join(lines))


def _known(output: str, *forms: str) -> None:
    if output not in forms:
        msg = f"--output is {' or '.join(forms)}, not {output!r}"
        raise typer.BadParameter(msg)
