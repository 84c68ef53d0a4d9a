"""What the command line says to the gateway: send a file, ask for a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx
from pydantic import Field

from shared.errors import IngestError
from shared.settings import SettingsGroup

ANSWER_SECONDS = 30.0
UPLOAD_ANSWER_SECONDS = 600.0

OnProgress = Callable[[int], None]


class GatewayClientSettings(SettingsGroup):
    """Where the gateway is."""

    api_url: str = Field(default="http://127.0.0.1:8000", validation_alias="INGEST_API_URL")


class GatewayError(IngestError):
    """The gateway refused the request or does not answer; the message is one line for the user."""


class GatewayClient:
    """A connection to one gateway; use it as a context manager."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx.Client(base_url=self.base_url, timeout=ANSWER_SECONDS, trust_env=False)

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

    def correct(self, task_id: str, path: Path, fields: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        """Stream corrected rows of a task to the gateway; see `upload`."""
        return self._send(f"/api/ingest/tasks/{task_id}/corrections", path, fields, on_progress)

    def waive(self, task_id: str, rows: str | list[int], reason: str) -> dict[str, Any]:
        """Say that rejected rows will not be corrected: `all`, or their record numbers; the answer has `rows_waived`.

        Raises:
            GatewayError: with the gateway's own words.
        """
        return self._ask("POST", f"/api/ingest/tasks/{task_id}/waivers", json={"rows": rows, "reason": reason})

    def _send(self, where: str, path: Path, fields: Mapping[str, str], on_progress: OnProgress) -> dict[str, Any]:
        with path.open("rb") as file:
            return self._ask(
                "POST",
                where,
                data=dict(fields),
                files={"file": (path.name, _Counted(file, on_progress))},
                timeout=httpx.Timeout(ANSWER_SECONDS, read=UPLOAD_ANSWER_SECONDS),
            )

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as the status API shows it.

        Raises:
            GatewayError: if there is no such task, or no gateway.
        """
        return self._ask("GET", f"/api/ingest/status/{task_id}")

    def _ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            msg = f"no gateway answers at {self.base_url} ({type(error).__name__}); start it with `make up`"
            raise GatewayError(msg) from error
        if response.is_success:
            answer: dict[str, Any] = response.json()
            return answer
        raise GatewayError(_words_of(response))


class _Counted:
    """A binary file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], on_progress: OnProgress) -> None:
        self._file = file
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._on_progress(len(data))
        return data

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        data = self.read(1 << 20)
        if not data:
            raise StopIteration
        return data


def _words_of(response: httpx.Response) -> str:
    """The problem's own title and detail, in one line."""
    try:
        problem = response.json()
        words = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    except (ValueError, TypeError, AttributeError):
        words = []
    return ": ".join(words) or f"the gateway answered {response.status_code}"
