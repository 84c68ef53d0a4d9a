"""`ingest keys`: who may call the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from services import following
from services.installed import connect, settings_of
from shared.errors import PermanentError

if TYPE_CHECKING:
    from services.gateway.key_rows import KeyRows

T = TypeVar("T")
OPERATOR = "operator"
OVERLAP_HOURS = 24.0

app = typer.Typer(no_args_is_help=True, help="API keys: who may call the gateway, and for what.")

_KeyId = Annotated[str, typer.Argument(help="The key's id, the part between the underscores.", show_default=False)]
_Output = Annotated[str, typer.Option("--output", "-o", help="text or json.")]


class KeyRefusedError(PermanentError):
    """A key cannot be made as it was asked for."""


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for, as `ls` shows it.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; read and write if left out.")] = None,
    datasource: Annotated[
        list[str] | None, typer.Option("--datasource", "-d", help="What it may touch, as sales or sales_*; all.")
    ] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it ends; never if left out.", min=0)] = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="An administrator's, made in the database: the first key of a tenant.")
    ] = False,
    tenant: Annotated[str, typer.Option(help="With --admin: whose it is.")] = "default",
    output: _Output = "text",
) -> None:
    """Make a key and print it: that is the only time, for only a hash of it is kept."""
    following.known_output(output)
    form: dict[str, Any] = {"name": name}
    if scope or admin:
        form["scopes"] = ["admin"] if admin else scope
    if datasource:
        form["datasources"] = datasource
    if expires_days is not None:
        form["expires_at"] = (datetime.now(UTC) + timedelta(days=expires_days)).isoformat()
    if admin:
        made = _made_in_the_database(tenant, form)
    else:
        with connect() as client:
            made = client.create_key(form)
    _show_new(made, output)


@app.command("ls")
def listed(output: _Output = "text") -> None:
    """List the keys of the tenant, the latest first."""
    following.known_output(output)
    with connect() as client:
        keys = client.keys()
    following.show({"keys": keys}, output, _lines(keys))


@app.command()
def revoke(key_id: _KeyId) -> None:
    """End a key now."""
    with connect() as client:
        client.revoke_key(key_id)
    typer.echo(f"key {key_id} opens nothing any more")


@app.command()
def rotate(
    key_id: _KeyId,
    overlap_hours: Annotated[
        float, typer.Option(help="Hours for which the old key opens beside the new one.", min=0, max=2160)
    ] = OVERLAP_HOURS,
    output: _Output = "text",
) -> None:
    """Make a key that may do the same, and end the old one after the overlap."""
    following.known_output(output)
    with connect() as client:
        made = client.rotate_key(key_id, overlap_hours * 3600)
    _show_new(made, output)
    following.say(f"key {key_id} opens for {overlap_hours:g} hours more")


def keep_given() -> None:
    """Make sure that the key of INGEST_API_KEY, if there is one, is an administrator's of the default tenant.

    Whoever prepares an installation holds the keys of its database, so that gives nothing away.

    Raises:
        KeyRefusedError: INGEST_API_KEY is no API key.
    """
    from services.gateway.api_keys import ApiKey
    from services.gateway.callers import EVERY_DATASOURCE, Scope
    from services.gateway.key_rows import KeptKey
    from services.gateway_client import GatewayClientSettings
    from shared.events import DEFAULT_TENANT

    given = settings_of(GatewayClientSettings).api_key
    if given is None:
        typer.echo("api key    none given; `ingest keys create --admin` makes the first one")
        return
    key = ApiKey.parse(given.get_secret_value())
    if key is None:
        msg = "INGEST_API_KEY is no API key: leave it out, and `ingest keys create --admin` makes one"
        raise KeyRefusedError(msg)
    kept = KeptKey(
        key_id=key.key_id,
        tenant=DEFAULT_TENANT,
        name="setup",
        hash=key.hash,
        scopes=frozenset({Scope.ADMIN}),
        datasources=EVERY_DATASOURCE,
        created_at=datetime.now(UTC),
        created_by=OPERATOR,
    )
    made = _with_rows(lambda rows: rows.add(kept))
    typer.echo(f"api key    {key.key_id} {'made' if made else 'there before'}")


def _made_in_the_database(tenant: str, form: Mapping[str, Any]) -> dict[str, Any]:
    from pydantic import ValidationError

    from services.gateway.keys import KeyForm, make, problem_with_tenant

    fault = problem_with_tenant(tenant)
    if fault is not None:
        msg = f"the name of a tenant {fault}"
        raise KeyRefusedError(msg)
    try:
        asked = KeyForm.model_validate_json(json.dumps(form))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        msg = f"{first['loc'][0]}: {first['msg']}"
        raise KeyRefusedError(msg) from None
    now = datetime.now(UTC)
    made = _with_rows(lambda rows: make(rows, tenant=tenant, form=asked, created_at=now, created_by=OPERATOR))
    return {"key": made.text, "key_id": made.kept.key_id, "tenant": tenant, "scopes": sorted(made.kept.scopes)}


def _with_rows(act: Callable[[KeyRows], Awaitable[T]]) -> T:
    from services.gateway.key_rows import PostgresKeyRows
    from shared.db.engine import Database, DatabaseSettings

    async def acting() -> T:
        database = Database(settings_of(DatabaseSettings))
        try:
            return await act(PostgresKeyRows(database))
        finally:
            await database.close()

    return asyncio.run(acting())


def _show_new(made: Mapping[str, Any], output: str) -> None:
    following.show(dict(made), output, [str(made["key"])])
    if output == "text":
        following.say(
            f"tenant {made['tenant']}, scopes {', '.join(made['scopes'])}; nobody can print it again: keep it now"
        )
        following.say("say it with INGEST_API_KEY, or in the header Authorization: Bearer")


def _lines(keys: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"{'KEY':<16}  {'SCOPES':<11}  {'LAST USED':<16}  {'STATE':<18}  NAME"]
    now = datetime.now(UTC).isoformat()
    for key in keys:
        used = (key["last_used_at"] or "never")[:16].replace("T", " ")
        lines.append(
            f"{key['key_id']:<16}  {','.join(key['scopes']):<11}  {used:<16}  {_state(key, now):<18}  {key['name']}"
        )
    return lines


def _state(key: Mapping[str, Any], now: str) -> str:
    ends = [moment for moment in (key["revoked_at"], key["expires_at"]) if moment]
    if not ends:
        return "open"
    end = min(ends)
    return "ended" if end <= now else f"until {end[:10]}"
