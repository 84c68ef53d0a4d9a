"""What the validator can be told from outside."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from services.validator.engine import ChildLimits, ParseLimits
from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings

MIB = 1024 * 1024


class ValidatorOptions(SettingsGroup):
    """The validator's own settings; every variable starts with VALIDATOR_.

    `allowed_buckets` (comma-separated) are those that `file_uri` may name beside our own bucket; `work_dir` holds one
    file and its parts at a time for each of the `concurrency` workers, in a folder of each process; several validators
    may share it. Files up to `small_file_bytes` go first, and
    `small_file_workers` of the workers take no other, so that they never wait for a large one.
    `max_rss_bytes` and `max_seconds` bound the child process that reads a file. A file waits for a contract
    that comes late for `contract_patience`.
    """

    model_config = SettingsConfigDict(env_prefix="VALIDATOR_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    allowed_buckets: Annotated[tuple[str, ...], NoDecode] = ()
    concurrency: int = Field(default=2, ge=1)
    lease_for: timedelta = timedelta(seconds=15)
    work_dir: Path = Path(tempfile.gettempdir()) / "ingest-validator"
    small_file_bytes: int = 8 * MIB
    small_file_workers: int = Field(default=1, ge=0)
    max_source_bytes: int = 100 * 1024 * MIB
    max_rss_bytes: int = 1536 * MIB
    max_seconds: float = 3600.0
    part_bytes: int = 128 * MIB
    contract_patience: timedelta = timedelta(minutes=10)

    @field_validator("allowed_buckets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    def parse_limits(self) -> ParseLimits:
        """Bounds on what a file may ask of the parser."""
        return ParseLimits(part_bytes=self.part_bytes)

    def child_limits(self) -> ChildLimits:
        """Bounds on the process that parses."""
        return ChildLimits(max_rss_bytes=self.max_rss_bytes, max_seconds=self.max_seconds)


@dataclass(frozen=True, kw_only=True)
class ValidatorSettings(ServiceSettings):
    """All that the validator needs."""

    options: ValidatorOptions
    kafka: KafkaSettings
    database: DatabaseSettings
    store: S3Settings
    log: LogSettings
