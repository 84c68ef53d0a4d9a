"""PostgreSQL and Kafka in containers, for `TEST_BACKEND=docker`; stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yield the same variables as a profile has, for the servers that are here."""
    with (
        PostgresContainer("postgres:17", driver=None) as postgres,
        KafkaContainer("confluentinc/cp-kafka:8.0.0").with_kraft() as kafka,
    ):
        yield {
            "DB_HOST": postgres.get_container_host_ip(),
            "DB_PORT": str(postgres.get_exposed_port(postgres.port)),
            "DB_USER": postgres.username,
            "DB_PASSWORD": postgres.password,
            "DB_NAME": postgres.dbname,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.get_bootstrap_server(),
        }
