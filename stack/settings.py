"""Settings of the local servers: `STACK_…` variables of the environment, each with a default that works."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
HIGHEST_PORT = 65_535

Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]
Heap = Annotated[str, Field(pattern=r"^\d+[kmg]$")]


def default_cache(*, is_root: bool, environment: dict[str, str], home: Path) -> Path:
    """Say where downloads are kept when nobody says it.

    Root with a closed home gets `/var/cache/ingest-stack`: the unprivileged user that runs PostgreSQL must be able to
    read its programs there.
    """
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given) / "ingest-stack"
    if is_root and not home.stat().st_mode & stat.S_IXOTH:
        return Path("/var/cache/ingest-stack")
    return home / ".cache" / "ingest-stack"


def _default_cache() -> Path:
    return default_cache(is_root=os.geteuid() == 0, environment=dict(os.environ), home=Path.home())


class StackSettings(BaseSettings):
    """Where the servers keep their files, which ports they take and how much memory each may use.

    `port_offset` is added to every port, so that a second stack needs one variable more. Heaps are the JVM's `-Xmx`,
    `…_direct` its `-XX:MaxDirectMemorySize`.
    """

    model_config = SettingsConfigDict(env_prefix="STACK_", frozen=True, extra="ignore")

    dir: Path = PROJECT / ".stack"
    cache: Path = Field(default_factory=_default_cache)
    ready_timeout_s: float = Field(default=180, gt=0)
    stop_timeout_s: float = Field(default=20, gt=0)
    port_offset: int = Field(default=0, ge=0)

    kafka_port: Port = 19092
    kafka_controller_port: Port = 19093
    postgres_port: Port = 5433
    versitygw_port: Port = 17070
    zookeeper_port: Port = 12181
    derby_port: Port = 11527
    coordinator_port: Port = 18081
    broker_port: Port = 18082
    historical_port: Port = 18083
    indexer_port: Port = 18091
    router_port: Port = 18888
    gateway_port: Port = 8000
    validator_port: Port = 8001
    submitter_port: Port = 8002
    monitor_port: Port = 8003
    projector_port: Port = 8004

    kafka_heap: Heap = "384m"
    zookeeper_heap: Heap = "64m"
    coordinator_heap: Heap = "256m"
    indexer_heap: Heap = "1500m"
    indexer_direct: Heap = "512m"
    historical_heap: Heap = "256m"
    historical_direct: Heap = "256m"
    broker_heap: Heap = "256m"
    broker_direct: Heap = "256m"
    router_heap: Heap = "128m"
    router_direct: Heap = "128m"

    def port(self, name: str) -> int:
        """Give the port that `name` listens on, offset included."""
        return int(getattr(self, f"{name}_port")) + self.port_offset

    @property
    def state(self) -> Path:
        """The absolute state directory: the identity of this stack."""
        return Path(os.path.abspath(self.dir))  # noqa: PTH100 - resolve() would follow a link that a user may move
