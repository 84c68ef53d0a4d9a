"""What the monitor can be told from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.monitor.evidence import Patience
from services.monitor.watching import Pace
from shared.db.engine import DatabaseSettings
from shared.druid import DruidSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.telemetry import LogSettings


class MonitorOptions(SettingsGroup):
    """The monitor's own settings; every variable starts with MONITOR_.

    `watched_at_once` tasks are asked about in one call, `concurrency` of them proven side by side. A task is looked at
    after `quickest` when it is new, and every `slowest` once it is old. The graces are those of `Patience`.
    """

    model_config = SettingsConfigDict(env_prefix="MONITOR_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8003, ge=0, le=65535)
    watched_at_once: int = Field(default=500, ge=1)
    concurrency: int = Field(default=16, ge=1)
    lease_for: timedelta = timedelta(seconds=10)
    quickest: timedelta = timedelta(milliseconds=250)
    slowest: timedelta = timedelta(seconds=2)
    progress_every: timedelta = timedelta(seconds=2)
    missing_grace: timedelta = timedelta(seconds=60)
    settle_grace: timedelta = timedelta(seconds=3)
    report_grace: timedelta = timedelta(seconds=3)
    count_grace: timedelta = timedelta(seconds=30)
    visible_grace: timedelta = timedelta(seconds=150)
    repost_grace: timedelta = timedelta(minutes=5)
    load_timeout: timedelta = timedelta(minutes=30)

    def pace(self) -> Pace:
        """How often to look and to report."""
        return Pace(quickest=self.quickest, slowest=self.slowest, progress_every=self.progress_every)

    def patience(self) -> Patience:
        """The graces, for the rules."""
        return Patience(
            missing=self.missing_grace,
            settle=self.settle_grace,
            report=self.report_grace,
            count=self.count_grace,
            visible=self.visible_grace,
            repost=self.repost_grace,
            load=self.load_timeout,
        )


@dataclass(frozen=True, kw_only=True)
class MonitorSettings(ServiceSettings):
    """All that the monitor needs."""

    options: MonitorOptions
    kafka: KafkaSettings
    database: DatabaseSettings
    druid: DruidSettings
    log: LogSettings
