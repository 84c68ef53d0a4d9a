"""What the submitter can be told from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.submitter.submitting import Rules
from shared.db.engine import DatabaseSettings
from shared.druid import DruidSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.telemetry import LogSettings


class SubmitterOptions(SettingsGroup):
    """The submitter's own settings: how loads are made and paced; every variable starts with SUBMITTER_.

    `hold_for` is how often a load looks whether its turn has come; an end makes it look at once. `rows_per_segment` is
    how large a segment should become. `most_sub_tasks` above 1 needs that many slots more for every load that runs at
    once: loads whose sub-tasks find no slot wait for each other for ever. A post that was begun `count_first_after` ago
    is not made again before the monitor has counted, because Druid may have forgotten the first: it must be shorter
    than Druid keeps its tasks. `undo_patience` is how long Druid may take to show that a load was taken back.
    """

    model_config = SettingsConfigDict(env_prefix="SUBMITTER_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8002, ge=0, le=65535)
    concurrency: int = Field(default=8, ge=1)
    lease_for: timedelta = timedelta(seconds=10)
    hold_for: timedelta = timedelta(seconds=2)
    rows_per_segment: int = Field(default=5_000_000, ge=1)
    most_sub_tasks: int = Field(default=1, ge=1)
    count_first_after: timedelta = timedelta(hours=24)
    undo_patience: timedelta = timedelta(minutes=30)

    def rules(self) -> Rules:
        """Pace and size of loads."""
        return Rules(
            hold_for=self.hold_for,
            rows_per_segment=self.rows_per_segment,
            most_sub_tasks=self.most_sub_tasks,
            count_first_after=self.count_first_after,
        )


@dataclass(frozen=True, kw_only=True)
class SubmitterSettings(ServiceSettings):
    """All that the submitter needs."""

    options: SubmitterOptions
    kafka: KafkaSettings
    database: DatabaseSettings
    druid: DruidSettings
    log: LogSettings
