"""The gateway's settings: its own, and those of the servers that it uses."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.settings import ServiceSettings, SettingsGroup
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings

GIB = 1024**3


class Auth(StrEnum):
    """Whom the gateway serves: holders of an API key, or everybody who can reach it."""

    KEYS = "keys"
    NONE = "none"


class HttpSettings(SettingsGroup):
    """What the gateway serves, to whom, and within which limits.

    `cors_origins` are the web origins that browsers may call from, separated by commas; `:*` stands for any port.
    A file may be `max_upload_bytes` large. A client that sends nothing for `upload_idle_timeout`, or is not done after
    `upload_timeout`, is cut off. What a dead gateway left unfinished is swept after `upload_expiry`, looked for every
    `sweep_interval`. On SIGTERM requests have `gateway_drain_timeout` to end.

    `auth` is `keys`, or `none` for a gateway that asks nobody who they are. Then only a loopback `gateway_host` is
    taken. Inside a container that would be reached by nobody; there `gateway_published_on_loopback` is who starts it
    saying that the container's port is published on loopback only.
    """

    auth: Auth = Auth.KEYS
    gateway_published_on_loopback: bool = False
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8000, ge=1, le=65535)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:*", "http://127.0.0.1:*")
    max_upload_bytes: int = Field(default=5 * GIB, ge=1)
    max_uploads_at_once: int = Field(default=16, ge=1)
    upload_idle_timeout: timedelta = timedelta(seconds=60)
    upload_timeout: timedelta = timedelta(hours=6)
    upload_expiry: timedelta = timedelta(hours=12)
    sweep_interval: timedelta = timedelta(minutes=1)
    gateway_drain_timeout: timedelta = timedelta(seconds=30)

    @field_validator("gateway_host")
    @classmethod
    def _loopback_only(cls, host: str, others: ValidationInfo) -> str:
        asks = others.data.get("auth") is not Auth.NONE
        if asks or host == "localhost" or others.data.get("gateway_published_on_loopback"):
            return host
        try:
            loopback = ipaddress.IPv4Address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            msg = (
                "only a loopback address (127.0.0.1) is allowed with AUTH=none, because nobody is asked who they are: "
                "say AUTH=keys; in a container whose port is published on loopback, GATEWAY_PUBLISHED_ON_LOOPBACK=true"
            )
            raise ValueError(msg)
        return host

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value

    @field_validator("upload_expiry")
    @classmethod
    def _longer_than_any_upload(cls, expiry: timedelta, others: ValidationInfo) -> timedelta:
        if expiry <= others.data.get("upload_timeout", timedelta(0)):
            msg = "must be longer than UPLOAD_TIMEOUT, or uploads under way would be swept"
            raise ValueError(msg)
        return expiry


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(ServiceSettings):
    """All groups together."""

    http: HttpSettings
    s3: S3Settings
    database: DatabaseSettings
    kafka: KafkaSettings
    log: LogSettings
