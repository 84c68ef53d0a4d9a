"""`make demo`: load the flights and the weather, watch the states go by, see each ledger and one SQL answer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx

from demo import data
from services.gateway_client import GatewayClientSettings
from shared.druid import DruidSettings
from shared.settings import find_profile, load

DELAYS = """\
SELECT f."origin" AS airport, COUNT(*) AS flights, ROUND(AVG(f."dep_delay"), 1) AS mean_delay_minutes
FROM "flights" f
WHERE f."dep_delay" IS NOT NULL
GROUP BY 1 ORDER BY 3 DESC"""


def main() -> int:
    """Run the demo; 0 when both files are proven, else the exit code of what failed."""
    started = time.monotonic()
    try:
        flights, weather = data.fetch()
    except data.DataMissingError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    for path, datasource in ((flights, "flights"), (weather, "weather")):
        command = ["put", str(path), "--datasource", datasource, "--mode", "replace"]
        command += ["--wait", "--timeout", "300"]
        print(f"\n$ ingest put {path.name} --datasource {datasource} --mode replace --wait", flush=True)
        code = subprocess.run([str(Path(sys.executable).parent / "ingest"), *command], check=False).returncode  # noqa: S603
        if code:
            return code
    _ask_druid()
    print(f"\nBoth files are in Druid, every row counted, after {time.monotonic() - started:.0f} s.")
    print(f"The API key of its administrator:\n{_api_key()}")
    print("Running: Kafka, Druid, PostgreSQL, versitygw and the five services. `make status` lists")
    print("them, `ingest doctor` asks each how it is, `make down` stops them and keeps the data.")
    return 0


def _api_key() -> str:
    key = load(GatewayClientSettings, profile=find_profile(Path.cwd())).api_key
    return key.get_secret_value() if key else "none; `ingest keys create --admin` makes one"


def _ask_druid() -> None:
    settings = load(DruidSettings, profile=find_profile(Path.cwd()))
    print(f"\nOne question to Druid at {settings.url}:\n{DELAYS}")
    answer = httpx.post(f"{settings.url}/druid/v2/sql", json={"query": DELAYS}, timeout=30, trust_env=False)
    answer.raise_for_status()
    for row in answer.json():
        print("  " + json.dumps(row))


if __name__ == "__main__":
    sys.exit(main())
