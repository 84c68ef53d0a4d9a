"""A file from its first byte to rows that are known to be there: through the services, and posted to Druid by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bench import Bench
from benchmarks.figure import WrongAnswerError
from benchmarks.handmade import Handmade
from benchmarks.pacing import until
from sandbox.installation import Installation

SENDERS = 8
PATIENCE_SECONDS = 1_800.0
_BAD_ENDS = {"FAILED", "REJECTED", "CANCELLED", "SUPERSEDED"}
Write = Callable[[Mapping[str, Path]], None]


class Loading:
    """Both ways into the same Druid, out of the same bucket; each call has a datasource of its own.

    What has to be waited for is asked after every 50 ms, after a minute every half second: on a small machine the
    questions themselves would slow a long load down.
    """

    def __init__(self, installation: Installation, druid: httpx.Client, write: Write) -> None:
        self._installation = installation
        self._druid = druid
        self._write = write
        self._gateway = installation.gateway()

    def ours(self, path: Path, rows: int) -> float:
        """Seconds from the first byte of the upload until the status API says COMPLETED.

        Raises:
            WrongAnswerError: the task has another end, or another number of rows was counted.
        """
        return self.ours_with_task(path, rows)[0]

    def ours_with_task(self, path: Path, rows: int) -> tuple[float, dict[str, Any]]:
        """The same, and the task as the status API shows it."""
        seconds, (task,) = self.many_ours([path], rows)
        return seconds, task

    def many_ours(self, paths: Sequence[Path], rows: int) -> tuple[float, list[dict[str, Any]]]:
        """The same for files of equally many `rows`, sent by eight senders into one datasource, until all are there."""
        datasource = self._installation.datasource()

        def send(path: Path) -> str:
            return str(self._gateway.upload(path, {"datasource_name": datasource}, lambda _: None)["task_id"])

        started = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as senders:
            task_ids = list(senders.map(send, paths))
        for task_id in task_ids:
            self._until(lambda task_id=task_id: self._completed(task_id))  # type: ignore[misc]  # bound at once
        seconds = time.perf_counter() - started
        tasks = [self._gateway.task(task_id) for task_id in task_ids]
        for ledger in (task["ledger"] for task in tasks):
            found = (ledger["status"], ledger["rows_read"], ledger["rows_counted"])
            if found != ("RECONCILED", rows, rows):
                msg = f"the ledger says {found}, and the file has {rows} rows"
                raise WrongAnswerError(msg)
        return seconds, tasks

    def by_hand(self, path: Path, rows: int, columns: Mapping[str, str]) -> float:
        """Seconds from writing the object until Druid counts all rows; `columns` as in `Handmade`.

        Raises:
            WrongAnswerError: Druid refuses the task, or counts too many.
        """
        return self.many_by_hand([path], rows, columns)

    def many_by_hand(self, paths: Sequence[Path], rows: int, columns: Mapping[str, str]) -> float:
        """The same for files of equally many `rows`, a task for each, posted by eight senders into one datasource."""
        datasource = self._installation.datasource()
        keys = {f"by-hand/{datasource}/{path.name}": path for path in paths}
        beside_others = len(paths) > 1

        def post(key: str) -> None:
            bucket = self._installation.bucket
            task = Handmade(datasource, bucket, key, columns, beside_others=beside_others).task()
            answer = self._druid.post("/druid/indexer/v1/task", json=task)
            if not answer.is_success:
                msg = f"Druid answered {answer.status_code}: {answer.text[:300]}"
                raise WrongAnswerError(msg)

        started = time.perf_counter()
        self._write(keys)
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(post, keys))
        self._until(lambda: self._counted(datasource, rows * len(paths)))
        return time.perf_counter() - started

    def _until(self, done: Callable[[], bool]) -> None:
        until(done, patience_seconds=PATIENCE_SECONDS, slowest_seconds=0.5)

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
            msg = f"Druid counts {counted} rows, and there are {rows}"
            raise WrongAnswerError(msg)
        return counted == rows


@contextmanager
def loading(bench: Bench, installation: Installation) -> Iterator[Loading]:
    """Both ways, with clients that are connected before anything is timed."""
    druid_url = bench.profile["DRUID_URL"]
    with httpx.Client(base_url=druid_url, timeout=60, trust_env=False) as druid, asyncio.Runner() as runner:
        opening = installation.servers.s3()
        s3 = runner.run(opening.__aenter__())

        async def write_all(files: Mapping[str, Path]) -> None:
            free = asyncio.Semaphore(SENDERS)

            async def write(key: str, path: Path) -> None:
                async with free:
                    await s3.upload_file(str(path), installation.bucket, key)

            await asyncio.gather(*(write(key, path) for key, path in files.items()))

        try:
            yield Loading(installation, druid, lambda files: runner.run(write_all(files)))
        finally:
            runner.run(opening.__aexit__(None, None, None))
