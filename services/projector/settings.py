"""What the projector has to be told: where its health page is, and the groups of the adapters that it uses."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.telemetry import LogSettings


class HttpSettings(SettingsGroup):
    """Where `/livez` and `/readyz` are: PROJECTOR_HOST and PROJECTOR_PORT."""

    model_config = SettingsConfigDict(env_prefix="PROJECTOR_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8004, ge=1, le=65535)


@dataclass(frozen=True, kw_only=True)
class ProjectorSettings(ServiceSettings):
    """All settings of the projector; built once, at start."""

    http: HttpSettings
    kafka: KafkaSettings
    database: DatabaseSettings
    log: LogSettings
