"""PostgreSQL: never as root, with its data where the user that runs it can reach it."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from stack import cache
from stack.errors import StackError
from stack.process import Command
from stack.profile import DATABASE, DATABASE_USER, LOOPBACK
from stack.server import Context, NotReadyError, Server

OUTSIDE = Path("/var/tmp")  # noqa: S108 - outlives a restart of the machine; the folder in it is checked to be ours
_PROBE_TIMEOUT_S = 3


class PostgresError(StackError):
    """PostgreSQL could not be prepared."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The user that runs PostgreSQL; None stands for ourselves."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where programs and data lie, and who runs them. `outside` tells that the state directory only links to it."""

    home: Path
    programs: Path
    account: Account | None
    outside: bool

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"


def find_account(*, is_root: bool) -> Account | None:
    """Choose who runs PostgreSQL when we are root: `postgres` if the machine has it, else `nobody`."""
    if not is_root:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    message = (
        "postgres: PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`: add one"
    )
    raise PostgresError(message)


def reachable(path: Path, account: Account) -> bool:
    """Tell whether `account` may pass through every existing folder down to `path`."""
    return all(_may_pass(folder, account) for folder in (path, *path.parents) if folder.exists())


def _may_pass(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def find_place(state: Path, downloaded: Path, account: Account | None, outside: Path = OUTSIDE) -> Place:
    """Keep everything below `state` and the cache when the account can reach them, else in a folder in `outside`."""
    if account is None or reachable(state, account):
        home, is_outside = state / "postgres", False
    else:
        home = outside / f"ingest-stack-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}"
        is_outside = True
    near = account is None or reachable(downloaded.parent, account)
    programs = downloaded if near else home / downloaded.name
    return Place(home=home, programs=programs, account=account, outside=is_outside)


def server(context: Context) -> Server:
    """Define PostgreSQL."""
    downloaded = cache.folder(context.settings.cache, "postgres")
    place = find_place(context.state, downloaded, find_account(is_root=os.geteuid() == 0))
    account = place.account
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(context.settings.port("postgres")),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    settings = [f"--{key}={value}" for key, value in options.items()]
    command = Command(
        argv=(str(place.programs / "bin" / "postgres"), "-D", str(place.data), *settings),
        cwd=place.home,
        env=_environment(),
        user=None if account is None else account.name,
        group=None if account is None else account.gid,
    )

    def prepare() -> None:
        _prepare(place, downloaded, context)

    async def probe() -> None:
        await _database_answers(context)

    return Server(
        name="postgres",
        command=command,
        ports=("postgres",),
        probe=probe,
        prepare=prepare,
        artifacts=("postgres",),
        # Fast shutdown: sessions are ended, data is written.
        stop_signal=signal.SIGINT,
        homes=(place.data,),
    )


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _prepare(place: Place, downloaded: Path, context: Context) -> None:
    """Make the folder, the programs and the data directory; none of our processes lives."""
    _make_home(place, context.state)
    if place.programs != downloaded and not place.programs.exists():
        copying = place.home / "copying"
        shutil.rmtree(copying, ignore_errors=True)
        shutil.copytree(downloaded, copying, symlinks=True)
        copying.rename(place.programs)
    if not place.data.exists():
        _initialise(place, context.secret.db_password)
    # Its pid may by now belong to another process of the same user, and PostgreSQL would refuse to start.
    (place.data / "postmaster.pid").unlink(missing_ok=True)


def _make_home(place: Place, state: Path) -> None:
    place.home.mkdir(mode=0o755, exist_ok=True)
    owners = {os.geteuid(), place.account.uid if place.account else os.geteuid()}
    status = place.home.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        message = f"postgres: {place.home} belongs to somebody else: remove it, or set STACK_DIR to another folder"
        raise PostgresError(message)
    if place.account is not None:
        os.chown(place.home, place.account.uid, place.account.gid)
    link = state / "postgres"
    if place.outside and not link.is_symlink():
        link.symlink_to(place.home)


def _initialise(place: Place, password: str) -> None:
    """Run initdb beside the data's place and move the result there whole."""
    fresh, secret = place.home / "fresh", place.home / "password"
    shutil.rmtree(fresh, ignore_errors=True)
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if place.account is not None:
        os.chown(secret, place.account.uid, place.account.gid)
    # The builtin provider needs no locale of the machine and sorts by code point.
    locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--auth=scram-sha-256", f"--pwfile={secret}", f"--username={DATABASE_USER}"]
    done = subprocess.run(
        [str(place.programs / "bin" / "initdb"), "-D", str(fresh), *access, *locale],
        env=_environment(),
        cwd=place.home,
        user=None if place.account is None else place.account.name,
        group=None if place.account is None else place.account.gid,
        extra_groups=None if place.account is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    secret.unlink()
    if done.returncode != 0:
        message = f"postgres: initdb failed: {done.stderr.strip()[-400:]}"
        raise PostgresError(message)
    fresh.rename(place.data)


async def _database_answers(context: Context) -> None:
    """Ask our database for 1; create it when the server is there without it."""
    try:
        one = await _fetch_value(context, DATABASE, "SELECT 1")
    except asyncpg.InvalidCatalogNameError:
        await _fetch_value(context, "postgres", f'CREATE DATABASE "{DATABASE}"')
        one = await _fetch_value(context, DATABASE, "SELECT 1")
    if one != 1:
        message = f"SELECT 1 gives {one}"
        raise NotReadyError(message)


async def _fetch_value(context: Context, database: str, query: str) -> object:
    connection = await asyncpg.connect(
        host=LOOPBACK,
        port=context.settings.port("postgres"),
        user=DATABASE_USER,
        password=context.secret.db_password,
        database=database,
        timeout=_PROBE_TIMEOUT_S,
    )
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def forget(context: Context) -> None:
    """Remove what lies outside the state directory."""
    link = context.state / "postgres"
    if link.is_symlink():
        home = link.readlink()
        if home.parent == OUTSIDE and home.name.startswith("ingest-stack-"):
            shutil.rmtree(home, ignore_errors=True)
        link.unlink()
