"""A file from its first byte to rows that are known to be there: through the services, and posted to Druid by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bench import Bench
from benchmarks.figure import WrongAnswerError
from benchmarks.pacing import until
from sandbox.installation import Installation
from services.gateway_client import GatewayClient

_BAD_ENDS = {"FAILED", "REJECTED", "CANCELLED", "SUPERSEDED"}


class Loading:
    """Both ways into the same Druid, out of the same bucket; each load has a datasource of its own."""

    def __init__(self, installation: Installation, druid: httpx.Client, s3: Callable[[str, Path], None]) -> None:
        self._installation = installation
        self._druid = druid
        self._write = s3
        self._gateway = GatewayClient(installation.environment["INGEST_API_URL"])

    def ours(self, path: Path, rows: int) -> float:
        """Seconds from the first byte of the upload until the status API says COMPLETED.

        Raises:
            WrongAnswerError: the task has another end, or another number of rows was counted.
        """
        return self.ours_with_task(path, rows)[0]

    def ours_with_task(self, path: Path, rows: int) -> tuple[float, str]:
        """The same, and the task's id."""
        fields = {"datasource_name": self._installation.datasource()}
        started = time.perf_counter()
        task_id = str(self._gateway.upload(path, fields, lambda _: None)["task_id"])
        until(lambda: self._completed(task_id))
        seconds = time.perf_counter() - started
        ledger = self._gateway.task(task_id)["ledger"]
        found = (ledger["status"], ledger["rows_read"], ledger["rows_counted"])
        if found != ("RECONCILED", rows, rows):
            msg = f"the ledger says {found}, and the file has {rows} rows"
            raise WrongAnswerError(msg)
        return seconds, task_id

    def by_hand(self, path: Path, rows: int, time_column: str) -> float:
        """Seconds from writing the object until Druid counts all rows.

        Raises:
            WrongAnswerError: Druid refuses the task, or counts too many.
        """
        datasource = self._installation.datasource()
        key = f"by-hand/{datasource}.csv"
        started = time.perf_counter()
        self._write(key, path)
        answer = self._druid.post(
            "/druid/indexer/v1/task", json=plain_spec(datasource, self._installation.bucket, key, time_column)
        )
        if not answer.is_success:
            msg = f"Druid answered {answer.status_code}: {answer.text[:300]}"
            raise WrongAnswerError(msg)
        until(lambda: self._counted(datasource, rows))
        return time.perf_counter() - started

    def _completed(self, task_id: str) -> bool:
        task = self._gateway.task(task_id)
        if task["status"] in _BAD_ENDS:
            msg = f"the task is {task['status']}: {task['error_message']}"
            raise WrongAnswerError(msg)
        return bool(task["status"] == "COMPLETED")

    def _counted(self, datasource: str, rows: int) -> bool:
        query = f'SELECT COUNT(*) AS n FROM "{datasource}"'  # noqa: S608  # a name made here
        answer = self._druid.post("/druid/v2/sql", json={"query": query})
        counted = int(answer.json()[0]["n"]) if answer.is_success else 0
        if counted > rows:
            msg = f"Druid counts {counted} rows, and the file has {rows}"
            raise WrongAnswerError(msg)
        return counted == rows


@contextmanager
def loading(bench: Bench, installation: Installation) -> Iterator[Loading]:
    """Both ways, with clients that are connected before anything is timed."""
    druid_url = bench.profile["DRUID_URL"]
    with httpx.Client(base_url=druid_url, timeout=60, trust_env=False) as druid, asyncio.Runner() as runner:
        opening = installation.servers.s3()
        s3 = runner.run(opening.__aenter__())

        def write(key: str, path: Path) -> None:
            runner.run(s3.upload_file(str(path), installation.bucket, key))

        try:
            yield Loading(installation, druid, write)
        finally:
            runner.run(opening.__aexit__(None, None, None))


def plain_spec(datasource: str, bucket: str, key: str, time_column: str) -> dict[str, Any]:
    """What somebody who knows Druid would post for a CSV file with a header."""
    return {
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": datasource,
                "timestampSpec": {"column": time_column, "format": "iso"},
                "dimensionsSpec": {"useSchemaDiscovery": True},
                "granularitySpec": {"segmentGranularity": "YEAR", "rollup": False},
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": {"type": "s3", "objects": [{"bucket": bucket, "path": key}]},
                "inputFormat": {"type": "csv", "findColumnsFromHeader": True},
            },
            "tuningConfig": {"type": "index_parallel", "partitionsSpec": {"type": "dynamic"}},
        },
    }
