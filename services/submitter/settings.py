"""What the submitter can be told from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.submitter.admitting import Rhythm
from services.submitter.fairness import Policy
from services.submitter.load import MOST_SUB_TASKS, ROWS_PER_SEGMENT
from services.submitter.slots import Sizes
from services.submitter.submitting import Rules
from shared.db.engine import DatabaseSettings
from shared.druid import DruidSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings


class SubmitterOptions(SettingsGroup):
    """The submitter's own settings: how loads are made and paced; every variable starts with SUBMITTER_.

    `rows_per_segment` is how large a segment should become. A load of several parts may have `most_sub_tasks`, as many
    as fit in the cluster; it waits until they and their leader have a slot each. A file of at most `small_file_rows`
    good rows and `small_file_bytes` is loaded in one slot and may use the one that is kept for such files. What Druid
    says of its slots is believed for `slots_every`; `slots` says instead how many may be used, where Druid starts
    workers as they are needed. A load that finds too few slots is not passed by others any more once it has waited
    `reserve_after`. Every `hold_for` is looked whether turns have come, should no word about them have been heard. A
    post that was begun `count_first_after` ago is not made again before the monitor has counted, because Druid may have
    forgotten the first: it must be shorter than Druid keeps its tasks. `undo_patience` is how long Druid may take to
    show that a load was taken back. What Druid says of its extensions is believed for `capabilities_for`. A Druid that
    cannot read the object store gets addresses that are good for `source_url_lifetime`, seven days at most: no task may
    wait longer in Druid's queue.
    """

    model_config = SettingsConfigDict(env_prefix="SUBMITTER_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8002, ge=0, le=65535)
    concurrency: int = Field(default=8, ge=1)
    lease_for: timedelta = timedelta(seconds=10)
    hold_for: timedelta = timedelta(seconds=2)
    rows_per_segment: int = Field(default=ROWS_PER_SEGMENT, ge=1)
    most_sub_tasks: int = Field(default=MOST_SUB_TASKS, ge=1)
    small_file_rows: int = Field(default=100_000, ge=0)
    small_file_bytes: int = Field(default=8 * 1024 * 1024, ge=0)
    slots: int | None = Field(default=None, ge=1)
    slots_every: timedelta = timedelta(seconds=1)
    reserve_after: timedelta = timedelta(seconds=30)
    count_first_after: timedelta = timedelta(hours=24)
    undo_patience: timedelta = timedelta(minutes=30)
    capabilities_for: timedelta = timedelta(minutes=10)
    source_url_lifetime: timedelta = Field(default=timedelta(days=7), ge=timedelta(minutes=1), le=timedelta(days=7))

    def rules(self) -> Rules:
        """Pace and size of loads."""
        return Rules(
            hold_for=self.hold_for,
            count_first_after=self.count_first_after,
        )

    def sizes(self) -> Sizes:
        """What a load asks for by its size."""
        return Sizes(self.small_file_rows, self.small_file_bytes, self.most_sub_tasks)

    def rhythm(self) -> Rhythm:
        """When it is decided who may go."""
        return Rhythm(look_every=self.hold_for, policy=Policy(self.reserve_after))


@dataclass(frozen=True, kw_only=True)
class SubmitterSettings(ServiceSettings):
    """All that the submitter needs."""

    options: SubmitterOptions
    kafka: KafkaSettings
    database: DatabaseSettings
    druid: DruidSettings
    store: S3Settings
    log: LogSettings
