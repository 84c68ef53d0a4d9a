"""How to reach Kafka, and how topics are made."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import SettingsGroup


class KafkaSettings(SettingsGroup):
    """Connection, security and naming; every variable starts with KAFKA_.

    `topic_prefix` stands before every topic and group name, so that several installations can share a cluster.
    `max_record_bytes` is the largest record that the four topics take; dead-letter topics take larger ones.
    """

    model_config = SettingsConfigDict(env_prefix="KAFKA_", extra="ignore", frozen=True, env_ignore_empty=True)

    bootstrap_servers: str = "localhost:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: str | None = None
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    partitions: int = Field(default=6, ge=1)
    replication_factor: int = Field(default=1, ge=1)
    max_record_bytes: int = Field(default=1_048_576, ge=1024)
    dead_letter_retention: timedelta = timedelta(days=30)
    publish_timeout: timedelta = timedelta(seconds=10)

    def client_arguments(self) -> dict[str, Any]:
        """Arguments that every aiokafka client (producer, consumer, admin) takes to connect."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol in {"SSL", "SASL_SSL"}:
            arguments["ssl_context"] = ssl.create_default_context(cafile=self.ssl_cafile)
        if self.security_protocol.startswith("SASL"):
            arguments["sasl_mechanism"] = self.sasl_mechanism
            arguments["sasl_plain_username"] = self.sasl_username
            arguments["sasl_plain_password"] = self.sasl_password.get_secret_value() if self.sasl_password else None
        return arguments
