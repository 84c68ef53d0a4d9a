"""The door to Druid: submit a task, ask what became of it, what is loaded, and what a query says.

One address serves all calls: a router whose management proxy is on. Every answer that was seen on a real server is
read here and nowhere else; callers get values, or one of two errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.druid_failure import failed_sub_task, failure_in, is_of_a_sub_task, without_stack
from shared.druid_slots import DruidSlots, read_slots
from shared.errors import PermanentError, TransientError
from shared.settings import SettingsGroup

ETERNITY = "-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z"
TASK_COLUMN = "ingest_task_id"
HASH_KEY = "ingest_spec_hash"

# 401 and 403 are about our credentials, 405 and redirections about the address, 408 and 429 about the moment: an
# operator or time mends them, no user can.
_AWAY = frozenset({401, 403, 405, 408, 429})
_EXISTS = re.compile(r"Task\[.*\] already exists", re.DOTALL)
_JAVA_CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]+:\s*")
_MESSAGE_LENGTH = 500
_MOST_TASKS = 500


class DruidSettings(SettingsGroup):
    """Where Druid's router is, and as whom to call it; every variable starts with DRUID_."""

    model_config = SettingsConfigDict(env_prefix="DRUID_", extra="ignore", frozen=True, env_ignore_empty=True)

    url: str = "http://127.0.0.1:18888"
    username: str | None = None
    password: SecretStr | None = None
    connect_timeout: timedelta = timedelta(seconds=3)
    answer_timeout: timedelta = timedelta(seconds=30)
    connections: int = Field(default=32, ge=1)


class DruidAwayError(TransientError):
    """Druid did not answer, is busy, has no leader, or does not accept our credentials at the moment."""


class DruidRefusedError(PermanentError):
    """Druid understood the call and said no; the text is Druid's, one line, without Java's class names."""


@dataclass(frozen=True)
class Submitted:
    """Druid has taken the task."""


@dataclass(frozen=True)
class AlreadyExists:
    """Druid has had a task of this id before; `spec_hash` is the one in its context, None when it has none."""

    spec_hash: str | None


class DruidWait(StrEnum):
    """What a task that Druid has not begun waits for: its locks, then a worker's slot."""

    LOCK = "lock"
    SLOT = "slot"


class DruidState(StrEnum):
    """What Druid calls a task."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True)
class DruidTaskStatus:
    """A task's state. `placed` is False while a RUNNING task waits, `waits_for` what for, where Druid says it.

    `error` is one line.
    """

    state: DruidState
    placed: bool
    error: str | None
    waits_for: DruidWait | None = None


@dataclass(frozen=True)
class RowStats:
    """Rows of a task's report; `lost` are those with errors, unparseable or thrown away, in one figure."""

    processed: int
    lost: int


@dataclass(frozen=True)
class RowsCounted:
    """What Druid's SQL said; `rows` is None while the datasource or its id column is not known to SQL yet.

    SQL learns of a new table within `druid.sql.planner.metadataRefreshPeriod`: one minute unless set otherwise.
    `query` is the statement with its parameters written in, to be run again by anybody.
    """

    rows: int | None
    query: str

    def known(self, *, segments: bool) -> int | None:
        """The rows as far as they are known: a datasource without `segments`, of which SQL need not know, has none."""
        return 0 if self.rows is None and not segments else self.rows


@dataclass(frozen=True)
class Capabilities:
    """What the cluster runs: the version of Druid, and its extensions by the names of their artifacts."""

    version: str
    extensions: frozenset[str]

    def has(self, extension: str) -> bool:
        """Whether it runs an extension, such as `druid-datasketches`."""
        return extension in self.extensions


class Druid(Protocol):
    """What the services ask of Druid. Every method may raise `DruidAwayError` or `DruidRefusedError`."""

    async def submit(self, spec: Mapping[str, Any]) -> Submitted | AlreadyExists:
        """POST a task that carries its own id; the same mapping is always the same bytes. Only a 400 refuses it."""

    async def shut_down(self, druid_task_id: str) -> None:
        """Have a task ended. Druid answers before it has, and also for an id that it does not know."""

    async def task_statuses(self, druid_task_ids: Iterable[str]) -> dict[str, DruidTaskStatus]:
        """The states of many tasks in one call; an id that Druid does not know is missing from the answer."""

    async def slots(self) -> DruidSlots:
        """How many slots there are and which tasks run, everybody's."""

    async def report(self, druid_task_id: str) -> RowStats | None:
        """The rows that a task has read, live or final; None is "unknown", never "no rows"."""

    async def failure(self, druid_task_id: str, datasource: str) -> str | None:
        """All that Druid has kept of why a task failed, causes and sub-tasks too; None: no more than its status."""

    async def load_status(self, datasource: str, interval: str, *, refresh: bool) -> float | None:
        """Percent of the interval's segments that can be queried; None: it has none. `refresh` is heavy: once."""

    async def used_intervals(self, datasource: str) -> tuple[str, ...]:
        """Intervals of all segments in use that hold rows, from the metadata store itself, `start/end` in ISO 8601."""

    async def retention_rules(self, datasource: str) -> tuple[Mapping[str, Any], ...]:
        """The datasource's own rules and then the cluster's, in the order in which they are tried."""

    async def sql(self, query: str, parameters: Sequence[str | int] = ()) -> list[dict[str, Any]]:
        """Run a query with `?` parameters, past all caches; one mapping a row."""

    async def version(self) -> str:
        """The version of the server at the address."""

    async def capabilities(self) -> Capabilities:
        """What the overlord runs, which is what specs are read by."""

    async def ping(self) -> None:
        """Answer when the address leads to an overlord that leads."""


class HttpDruid:
    """Druid over HTTP. Made without connecting.

    Args:
        settings: where and as whom.
        transport: replaces the network, in tests.
    """

    def __init__(self, settings: DruidSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        credentials = None
        if settings.username is not None:
            password = settings.password.get_secret_value() if settings.password else ""
            credentials = httpx.BasicAuth(settings.username, password)
        self._client = httpx.AsyncClient(
            base_url=settings.url,
            auth=credentials,
            transport=transport,
            timeout=httpx.Timeout(
                settings.answer_timeout.total_seconds(), connect=settings.connect_timeout.total_seconds()
            ),
            limits=httpx.Limits(max_connections=settings.connections),
            trust_env=False,
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def submit(self, spec: Mapping[str, Any]) -> Submitted | AlreadyExists:
        """See `Druid`. "Already exists" is matched by code, then the task's own context is read."""
        path, task_id = "/druid/indexer/v1/task", str(spec["id"])
        answer = await self._call("POST", path, content=canonical_json(spec))
        if answer.status_code == httpx.codes.BAD_REQUEST:
            if _says_exists(answer):
                return AlreadyExists(await self._spec_hash(task_id))
            _refuse(answer)
        if answer.status_code != httpx.codes.OK or _at(_json(answer), "task") != task_id:
            msg = f"Druid answered {answer.status_code} to POST {path}, which takes no task and refuses none"
            raise DruidAwayError(msg)
        return Submitted()

    async def shut_down(self, druid_task_id: str) -> None:
        """See `Druid`."""
        _refuse(await self._call("POST", f"/druid/indexer/v1/task/{_segment(druid_task_id)}/shutdown"))

    async def task_statuses(self, druid_task_ids: Iterable[str]) -> dict[str, DruidTaskStatus]:
        """See `Druid`. An empty array would be answered with 400, so it is not asked."""
        asked = list(druid_task_ids)
        if not asked:
            return {}
        answer = await self._call("POST", "/druid/indexer/v1/taskStatus", content=json.dumps(asked).encode())
        _refuse(answer)
        return {task_id: _status(body) for task_id, body in _json(answer).items()}

    async def slots(self) -> DruidSlots:
        """See `Druid`. The list of running tasks has a group for each, which the figure of used slots has not."""
        answers = [
            await self._call("GET", "/druid/indexer/v1/totalWorkerCapacity"),
            await self._call("GET", "/druid/indexer/v1/tasks", params={"state": "running"}),
        ]
        for answer in answers:
            _refuse(answer)
        try:
            return read_slots(*map(_json, answers))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"Druid's answers about its slots are not what was expected: {error!r}"
            raise DruidAwayError(msg) from error

    async def report(self, druid_task_id: str) -> RowStats | None:
        """See `Druid`. A report is asked of the running task itself, so 404 and 5xx are usual at both its ends."""
        answer = await self._send("GET", f"/druid/indexer/v1/task/{_segment(druid_task_id)}/reports")
        return row_stats(_json(answer)) if answer.status_code == httpx.codes.OK else None

    async def failure(self, druid_task_id: str, datasource: str) -> str | None:
        """See `Druid`. The list of tasks is asked only where the report does not tell."""
        told = await self._failure_in_report(druid_task_id)
        if not is_of_a_sub_task(told):
            return told
        query = {"datasource": datasource, "state": "complete", "max": _MOST_TASKS}
        answer = await self._send("GET", "/druid/indexer/v1/tasks", params=query)
        found = failed_sub_task(_json(answer), druid_task_id) if answer.status_code == httpx.codes.OK else None
        if found is None:
            return told
        theirs = await self._failure_in_report(found["id"]) or "\n".join(without_stack(found["errorMsg"]))
        return f"{told}\n{theirs}" if told else theirs

    async def _failure_in_report(self, druid_task_id: str) -> str | None:
        answer = await self._send("GET", f"/druid/indexer/v1/task/{_segment(druid_task_id)}/reports")
        return failure_in(_json(answer)) if answer.status_code == httpx.codes.OK else None

    async def load_status(self, datasource: str, interval: str, *, refresh: bool) -> float | None:
        """See `Druid`."""
        answer = await self._call(
            "GET",
            f"/druid/coordinator/v1/datasources/{_segment(datasource)}/loadstatus",
            params={"forceMetadataRefresh": str(refresh).lower(), "interval": interval},
        )
        if answer.status_code in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}:
            return None
        _refuse(answer)
        percent = _json(answer).get(datasource)
        return None if percent is None else float(percent)

    async def used_intervals(self, datasource: str) -> tuple[str, ...]:
        """See `Druid`. Tombstones hold no rows; the coordinator's other lists are up to a minute old."""
        path = f"/druid/coordinator/v1/metadata/datasources/{_segment(datasource)}/segments"
        answer = await self._call("POST", path, params={"full": ""}, content=json.dumps([ETERNITY]).encode())
        if answer.status_code == httpx.codes.NOT_FOUND:
            return ()
        _refuse(answer)
        segments = [one for one in _json(answer) if one.get("shardSpec", {}).get("type") != "tombstone"]
        return tuple(sorted({str(segment["interval"]) for segment in segments}))

    async def retention_rules(self, datasource: str) -> tuple[Mapping[str, Any], ...]:
        """See `Druid`."""
        path = f"/druid/coordinator/v1/rules/{_segment(datasource)}"
        answer = await self._call("GET", path, params={"full": "true"})
        _refuse(answer)
        return tuple(_json(answer))

    async def sql(self, query: str, parameters: Sequence[str | int] = ()) -> list[dict[str, Any]]:
        """See `Druid`."""
        typed = [{"type": "BIGINT" if isinstance(one, int) else "VARCHAR", "value": one} for one in parameters]
        caches = {"useCache": False, "populateCache": False, "useResultLevelCache": False}
        body = {"query": query, "parameters": typed, "resultFormat": "object", "context": caches}
        answer = await self._call("POST", "/druid/v2/sql", content=json.dumps(body).encode())
        _refuse(answer)
        rows: list[dict[str, Any]] = _json(answer)
        return rows

    async def version(self) -> str:
        """See `Druid`."""
        answer = await self._call("GET", "/status")
        _refuse(answer)
        return str(_json(answer)["version"])

    async def capabilities(self) -> Capabilities:
        """See `Druid`. The router's own modules may be others: the overlord's are behind `/proxy/overlord`."""
        answer = await self._call("GET", "/proxy/overlord/status")
        if answer.status_code == httpx.codes.NOT_FOUND:  # the address is the overlord's own
            answer = await self._call("GET", "/status")
        _refuse(answer)
        told = _json(answer)
        return Capabilities(str(told["version"]), frozenset(str(one["artifact"]) for one in told["modules"]))

    async def ping(self) -> None:
        """See `Druid`."""
        answer = await self._call("GET", "/druid/indexer/v1/leader")
        _refuse(answer)

    async def ask(self, method: str, path: str, *, body: object = None, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer, for the parts of Druid's API that are read elsewhere.

        It says which form it takes: without, some of Druid's answers are 500 though it has done what it was asked.
        """
        content = {} if body is None else {"content": json.dumps(body).encode()}
        answer = await self._call(method, path, params=params, accept="application/json", **content)
        _refuse(answer)
        return _json(answer)

    async def _spec_hash(self, druid_task_id: str) -> str | None:
        """The hash in the context of a task that exists; an answer that is not about it is about the moment."""
        path = f"/druid/indexer/v1/task/{_segment(druid_task_id)}"
        answer = await self._call("GET", path)
        payload = _at(_json(answer), "payload") if answer.is_success else None
        context = _at(payload, "context") or {}
        if not isinstance(payload, dict) or not isinstance(context, dict):
            msg = f"Druid has the task, and answered {answer.status_code} without it to GET {path}"
            raise DruidAwayError(msg)
        return context.get(HASH_KEY)

    async def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An answer that is about the call; anything about the moment is `DruidAwayError`."""
        answer = await self._send(method, path, **more)
        if answer.status_code in _AWAY or answer.is_redirect or answer.is_server_error:
            msg = f"Druid answered {answer.status_code} to {method} {path}: {_words(answer)}"
            raise DruidAwayError(msg)
        return answer

    async def _send(self, method: str, path: str, *, accept: str = "*/*", **more: Any) -> httpx.Response:
        headers = {"accept": accept} | ({"content-type": "application/json"} if "content" in more else {})
        try:
            return await self._client.request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            msg = f"Druid is away: {type(error).__name__} on {method} {path}"
            raise DruidAwayError(msg) from error


def canonical_json(value: object) -> bytes:
    """The one way in which a value is written: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def row_stats(report: Mapping[str, Any]) -> RowStats | None:
    """Read a report: a live one, and one of a load with sub-tasks, nest the figures under `totals`."""
    payload = (report.get("ingestionStatsAndErrors") or {}).get("payload") or {}
    stats = payload.get("rowStats") or {}
    built = (stats.get("totals") or stats).get("buildSegments")
    if not isinstance(built, Mapping) or "processed" not in built:
        return None
    lost = sum(int(built.get(kind) or 0) for kind in ("processedWithError", "unparseable", "thrownAway"))
    return RowStats(processed=int(built["processed"]), lost=lost)


def first_line(message: str | None) -> str | None:
    """A Java error for people: its first line, without the class name, at most 500 characters."""
    lines = (message or "").strip().splitlines()
    return _JAVA_CLASS.sub("", lines[0])[:_MESSAGE_LENGTH] if lines else None


def _status(body: Mapping[str, Any]) -> DruidTaskStatus:
    placed = bool((body.get("location") or {}).get("host"))
    state = DruidState(body["status"])
    # Druid calls an ended task WAITING too
    waits_for = None if placed or state is not DruidState.RUNNING else _WAITS.get(str(body.get("runnerStatusCode")))
    return DruidTaskStatus(state, placed, first_line(body.get("errorMsg")), waits_for)


_WAITS = {"WAITING": DruidWait.LOCK, "PENDING": DruidWait.SLOT}


def _says_exists(answer: httpx.Response) -> bool:
    try:
        body = answer.json()
    except ValueError:
        return False
    return isinstance(body, dict) and (
        body.get("errorCode") == "entryAlreadyExists" or bool(_EXISTS.match(str(body.get("error", ""))))
    )


def _refuse(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise DruidRefusedError(_words(answer))


def _words(answer: httpx.Response) -> str:
    """What the answer says, in one line; an HTML page says nothing that helps."""
    try:
        body = answer.json()
    except ValueError:
        body = None if "html" in answer.headers.get("content-type", "") else answer.text
    if isinstance(body, dict):
        body = body.get("errorMessage") or body.get("error")
    return first_line(str(body) if body else None) or f"HTTP {answer.status_code}"


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        msg = f"Druid's answer to {answer.request.url.path} is no JSON: a proxy stands in between or it was cut short"
        raise DruidAwayError(msg) from error


def _at(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None


def _segment(name: str) -> str:
    return quote(name, safe="")
