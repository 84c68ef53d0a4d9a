"""What the command line says to the gateway: send a file, ask for a task, send and ask for contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import httpx
from pydantic import Field, SecretStr

from services.counted_file import CountedFile
from shared.errors import IngestError
from shared.settings import SettingsGroup

ANSWER_SECONDS = 30.0
UPLOAD_ANSWER_SECONDS = 600.0

TASKS_PATH = "/api/ingest/tasks"
EVENTS_PATH = "/api/ingest/events"

OnProgress = Callable[[int], None]


class GatewayClientSettings(SettingsGroup):
    """Where the gateway is, and the API key to show it."""

    api_url: str = Field(default="http://127.0.0.1:8000", validation_alias="INGEST_API_URL")
    api_key: SecretStr | None = Field(default=None, validation_alias="INGEST_API_KEY")


class GatewayError(IngestError):
    """The gateway refused the request or does not answer; the message is one line for the user.

    `faults` are those of a contract that was refused: each has `field`, `message`, `line` and `column`. `status` is
    that of the answer, None where there was none.
    """

    def __init__(self, message: str, *, faults: Sequence[Mapping[str, Any]] = (), status: int | None = None) -> None:
        super().__init__(message)
        self.faults = tuple(faults)
        self.status = status


class GatewayClient:
    """A connection to one gateway, with an API key if it asks for one; use it as a context manager."""

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.base_url, headers=credentials(api_key), timeout=ANSWER_SECONDS, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def upload(self, path: Path, fields: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        """Stream a file to the gateway; the answer has `task_id`, `status` and `links`.

        Args:
            path: the file; read in small pieces, never whole.
            fields: the form's other fields, `datasource_name` among them.
            on_progress: called with the number of bytes that were read since the last call.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._send("/api/ingest/upload", path, fields, on_progress)

    def put(self, stream: IO[bytes], said: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        """Stream what can be read only once to the gateway; `said` may have a `filename` too. See `upload`."""
        # A generator: of a file httpx would ask the size, and a pipe says that it has none.
        content = (piece for piece in CountedFile(stream, on_progress))
        timeout = httpx.Timeout(ANSWER_SECONDS, read=UPLOAD_ANSWER_SECONDS)
        return self._ask("PUT", "/api/ingest/upload", params=dict(said), content=content, timeout=timeout)

    def correct(self, task_id: str, path: Path, fields: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        """Stream corrected rows of a task to the gateway; see `upload`."""
        return self._send(f"/api/ingest/tasks/{task_id}/corrections", path, fields, on_progress)

    def waive(self, task_id: str, rows: str | list[int], reason: str) -> dict[str, Any]:
        """Say that rejected rows will not be corrected: `all`, or their record numbers; the answer has `rows_waived`.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("POST", f"/api/ingest/tasks/{task_id}/waivers", json={"rows": rows, "reason": reason})

    def undo(self, task_id: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask for a load to be taken back; the answer has the `task_id` of the task that does it.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("POST", f"/api/ingest/tasks/{task_id}/undo", json=dict(form))

    def command(self, task_id: str, command: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask for `cancel`, `retry` or `verify`; the answer has the `attempt` that it makes or is about.

        Raises:
            GatewayError: with the gateway's own words, also when the task's state does not allow it.
        """
        return self._ask("POST", f"/api/ingest/tasks/{task_id}/{command}", json=dict(form))

    def _send(self, where: str, path: Path, fields: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        with path.open("rb") as file:
            return self._ask(
                "POST",
                where,
                data=dict(fields),
                files={"file": (path.name, CountedFile(file, on_progress))},
                timeout=httpx.Timeout(ANSWER_SECONDS, read=UPLOAD_ANSWER_SECONDS),
            )

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as the status API shows it.

        Raises:
            GatewayError: if there is no such task, or no gateway.
        """
        return self._ask("GET", f"/api/ingest/status/{task_id}")

    def tasks(self, params: Mapping[str, str]) -> dict[str, Any]:
        """A page of the tasks that the parameters ask for: `tasks`, and `next`, the address of the next page or None.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("GET", TASKS_PATH, params=dict(params))

    def events(self, params: Mapping[str, str]) -> dict[str, Any]:
        """A page of events: `events`, `cursor`, the id of the last, and `next` as with `tasks`; see there."""
        return self._ask("GET", EVENTS_PATH, params=dict(params))

    def page(self, address: str) -> dict[str, Any]:
        """The page that an answer has called `next`; see `tasks`."""
        return self._ask("GET", address)

    @contextmanager
    def stream(
        self, path: str, params: Mapping[str, str], *, last_id: str | None, patience: float
    ) -> Iterator[Iterator[str]]:
        """The lines of a stream of Server-Sent Events, as they come; none when the gateway has nothing more (204).

        Args:
            path: where the stream is.
            params: what it is asked for.
            last_id: the last event that was seen: the stream goes on after it. None: where a stream begins.
            patience: seconds of silence after which it counts as broken.

        Raises:
            GatewayError: the gateway refuses it; or, with no `status`, does not answer or has broken off.
        """
        headers = {"accept": "text/event-stream"} | ({} if last_id is None else {"last-event-id": last_id})
        timeout = httpx.Timeout(ANSWER_SECONDS, read=patience)
        with self._streamed(path, params=dict(params), headers=headers, timeout=timeout) as response:
            yield response.iter_lines()

    def spec(self, task_id: str) -> dict[str, Any]:
        """What Druid was asked for to load the task, without secrets.

        Raises:
            GatewayError: if there is no such task, or no spec of it; the gateway says why.
        """
        return self._ask("GET", f"/api/ingest/tasks/{task_id}/spec")

    def put_contract(
        self, datasource: str, content: bytes, *, media_type: str, follows: int | None, user_id: str | None
    ) -> tuple[dict[str, Any], bool]:
        """Send a contract; the version that it is now, and whether that is new.

        Args:
            datasource: the datasource's name.
            content: the contract, sent as it is.
            media_type: in which form it is.
            follows: the version that it is to follow; None for the first.
            user_id: who sends it.

        Raises:
            GatewayError: with the gateway's own words.
        """
        headers = {"content-type": media_type} | ({} if follows is None else {"if-match": f'"{follows}-yaml"'})
        params = {} if user_id is None else {"user_id": user_id}
        response = self._answer("PUT", _contract_path(datasource), content=content, headers=headers, params=params)
        version: dict[str, Any] = response.json()
        return version, response.status_code == httpx.codes.CREATED

    def contract(self, datasource: str, *, version: int | None, media_type: str) -> bytes:
        """The text of a contract, the latest version if none is named; see `put_contract`."""
        path = _contract_path(datasource) + ("" if version is None else f"/versions/{version}")
        return self._answer("GET", path, headers={"accept": media_type}).content

    def create_key(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Make an API key; the answer has its text as `key`, which cannot be asked for again.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("POST", "/api/ingest/keys", json=dict(form))

    def keys(self) -> list[dict[str, Any]]:
        """The keys of the tenant, without their secrets."""
        found: list[dict[str, Any]] = self._ask("GET", "/api/ingest/keys")["keys"]
        return found

    def revoke_key(self, key_id: str) -> dict[str, Any]:
        """End a key now; see `create_key`."""
        return self._ask("DELETE", f"/api/ingest/keys/{quote(key_id, safe='')}")

    def rotate_key(self, key_id: str, overlap_seconds: float) -> dict[str, Any]:
        """Make a key that may do the same; the old one opens for so long beside it. See `create_key`."""
        path = f"/api/ingest/keys/{quote(key_id, safe='')}/rotate"
        return self._ask("POST", path, json={"overlap_seconds": overlap_seconds})

    def contract_history(self, datasource: str) -> dict[str, Any]:
        """Every version of a contract, the latest first; see `put_contract`."""
        return self._ask("GET", _contract_path(datasource) + "/versions")

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """A page of the gateway, as JSON.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("GET", path, params=query)

    @contextmanager
    def download(self, path: str, **query: str) -> Iterator[httpx.Response]:
        """A page of the gateway whose body is read as it comes; see `get`."""
        with self._streamed(path, params=query, timeout=UPLOAD_ANSWER_SECONDS) as response:
            yield response

    @contextmanager
    def _streamed(self, path: str, **arguments: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path, **arguments) as response:
                if not response.is_success:
                    response.read()
                    raise _error_of(response)
                yield response
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._answer(method, path, **arguments).json()
        return answer

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise self._away(error) from error
        if response.is_success:
            return response
        raise _error_of(response)

    def _away(self, error: httpx.TransportError) -> GatewayError:
        return GatewayError(f"no gateway answers at {self.base_url} ({type(error).__name__}); start it with `make up`")


def credentials(api_key: str | None) -> dict[str, str]:
    """The headers that show an API key; none without one."""
    return {"authorization": f"Bearer {api_key}"} if api_key else {}


def _contract_path(datasource: str) -> str:
    return f"/api/ingest/datasources/{quote(datasource, safe='')}"


def _error_of(response: httpx.Response) -> GatewayError:
    """The problem's own title and detail, in one line, and its faults."""
    try:
        problem = response.json()
        words = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
        faults = problem.get("faults", [])
    except (ValueError, TypeError, AttributeError):
        words, faults = [], []
    message = ": ".join(words) or f"the gateway answered {response.status_code}"
    return GatewayError(message, faults=faults, status=response.status_code)
