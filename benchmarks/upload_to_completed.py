"""From upload to a proven ledger, beside the same file posted to the same Druid by hand and polled until countable.

`make up`, then `.venv/bin/python -m benchmarks.upload_to_completed`. Each run loads into a datasource of its own; ours
and the peer's runs alternate, so that both see the same machine.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aioboto3
import httpx
from dotenv import dotenv_values

from demo import data
from services.gateway_client import GatewayClient
from shared.settings import find_profile

SMALL_RUNS = 10
LARGE_RUNS = 3
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 300.0
SMALL_COLUMNS = ("id", "value")
START = 1_704_067_200  # 2024-01-01T00:00:00Z


class Bench:
    """The running installation, from outside."""

    def __init__(self, profile: dict[str, str]) -> None:
        self._profile = profile
        self._gateway = GatewayClient(profile["INGEST_API_URL"])
        self._druid = httpx.Client(base_url=profile["DRUID_URL"], timeout=60, trust_env=False)
        self.used: list[str] = []

    def ours(self, path: Path, rows: int) -> float:
        """Seconds from the first byte of the upload to COMPLETED."""
        datasource = self._datasource()
        started = time.perf_counter()
        task_id = self._gateway.upload(path, {"datasource_name": datasource}, lambda _: None)["task_id"]
        self._until(lambda: self._gateway.task(task_id)["status"] == "COMPLETED")
        seconds = time.perf_counter() - started
        counted = self._gateway.task(task_id)["ledger"]["rows_counted"]
        if counted != rows:
            sys.exit(f"{counted} rows were counted, not {rows}")
        return seconds

    def by_hand(self, path: Path, rows: int, time_column: str) -> float:
        """Seconds from writing the object to the moment when Druid counts all rows."""
        datasource = self._datasource()
        started = time.perf_counter()
        key = f"benchmark/{datasource}.csv"
        asyncio.run(self._write(key, path))
        spec = _spec(datasource, self._profile["S3_BUCKET_NAME"], key, time_column)
        self._druid.post("/druid/indexer/v1/task", json=spec).raise_for_status()
        self._until(lambda: self._count(datasource) == rows)
        return time.perf_counter() - started

    def clean(self) -> None:
        """Take the benchmark's datasources out of service."""
        for datasource in self.used:
            self._druid.delete(f"/druid/coordinator/v1/datasources/{datasource}")

    def _datasource(self) -> str:
        self.used.append(f"benchmark_{secrets.token_hex(4)}")
        return self.used[-1]

    def _count(self, datasource: str) -> int | None:
        query = f'SELECT COUNT(*) AS n FROM "{datasource}"'  # noqa: S608  # a name made here
        answer = self._druid.post("/druid/v2/sql", json={"query": query})
        return int(answer.json()[0]["n"]) if answer.is_success else None

    async def _write(self, key: str, path: Path) -> None:
        client: Any = aioboto3.Session().client(
            "s3",
            endpoint_url=self._profile["S3_ENDPOINT_URL"],
            region_name=self._profile["AWS_REGION"],
            aws_access_key_id=self._profile["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._profile["AWS_SECRET_ACCESS_KEY"],
        )
        async with client as s3:
            await s3.upload_file(str(path), self._profile["S3_BUCKET_NAME"], key)

    def _until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                sys.exit(f"not done after {PATIENCE_SECONDS:g} s")
            time.sleep(POLL_SECONDS)


def _spec(datasource: str, bucket: str, key: str, time_column: str) -> dict[str, Any]:
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


def _small_file(folder: Path, rows: int) -> Path:
    path = folder / "small.csv"
    lines = [f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(START + n * 60))},{n},{n / 2}" for n in range(rows)]
    path.write_text("\n".join((",".join(("time", *SMALL_COLUMNS)), *lines)) + "\n")
    return path


def main() -> int:
    """Run both sizes and print a table and its JSON."""
    profile_path = find_profile(Path.cwd())
    if profile_path is None:
        print("benchmark: there is no profile; run `make up` first", file=sys.stderr)
        return 1
    bench = Bench({name: value for name, value in dotenv_values(profile_path).items() if value})
    flights, _ = data.fetch()
    small = _small_file(data.cache_folder(), 1000)
    table = []
    for name, path, rows, column, runs in (
        ("1,000 rows", small, 1000, "time", SMALL_RUNS),
        ("flights, 336,776 rows", flights, 336_776, "time_hour", LARGE_RUNS),
    ):
        pairs = [(bench.ours(path, rows), bench.by_hand(path, rows, column)) for _ in range(runs)]
        ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
        table.append({"file": name, "runs": runs, "ours_s": round(ours, 2), "by_hand_s": round(peer, 2)})
        table[-1]["ratio"] = round(ours / peer, 2)
        print(
            f"{name:<24}{runs:>3} runs  ours {ours:6.2f} s  by hand {peer:6.2f} s  ratio {ours / peer:.2f}", flush=True
        )
    bench.clean()
    print(json.dumps(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
