"""Every topic and consumer group of an installation, and how long each keeps its records."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.events import DatasourceUpdated, DruidSubmitted, FileUploaded, FileValidated, TaskCommand, TaskUpdated
from shared.kafka.parties import SERVICES_THAT_LISTEN
from shared.kafka.settings import KafkaSettings

FOR_EVER = "-1"


@dataclass(frozen=True)
class TopicSpec:
    """A topic as it has to exist; `config` holds Kafka's own topic settings."""

    name: str
    partitions: int
    replication_factor: int
    config: dict[str, str] = field(default_factory=dict)


def topic_name(settings: KafkaSettings, topic: str) -> str:
    """The topic's name on the cluster."""
    return settings.topic_prefix + topic


def group_name(settings: KafkaSettings, service: str) -> str:
    """The consumer group of a service."""
    return f"{settings.topic_prefix}ingest.{service}"


def dead_letter_topic(settings: KafkaSettings, service: str) -> str:
    """Where a service's group parks records that it cannot understand."""
    return topic_name(settings, f"{service}.dlq")


def all_topics(settings: KafkaSettings) -> list[TopicSpec]:
    """The chain's topics and commands (kept for ever), dead letters (30 days), datasources (compacted).

    Commands are kept because a waiver is one, and nothing else tells of it.
    """
    days_ms = str(int(settings.dead_letter_retention.total_seconds() * 1000))
    largest = str(settings.max_record_bytes)
    # The broker unpacks what producers compress: no codec is needed to read it, and the limit is that of the content.
    bounded = {"compression.type": "uncompressed", "max.message.bytes": largest}
    chain = {"retention.ms": FOR_EVER, "retention.bytes": FOR_EVER, **bounded}
    kept = {
        # An upstream record's time is its place in the line: the broker's clock, not that of whoever wrote it.
        FileUploaded.topic: {**chain, "message.timestamp.type": "LogAppendTime"},
        **{event.topic: chain for event in (FileValidated, DruidSubmitted, TaskUpdated, TaskCommand)},
        DatasourceUpdated.topic: {"cleanup.policy": "compact", **bounded},
        **{
            # A parked record is the one that could not be read plus our headers: it must always fit.
            f"{service}.dlq": {"retention.ms": days_ms, "max.message.bytes": str(dead_letter_bytes(settings))}
            for service in SERVICES_THAT_LISTEN
        },
    }
    return [
        TopicSpec(topic_name(settings, name), settings.partitions, settings.replication_factor, config)
        for name, config in kept.items()
    ]


def dead_letter_bytes(settings: KafkaSettings) -> int:
    """The largest dead letter: any record that another topic takes, plus 64 KiB of headers."""
    return settings.max_record_bytes + 65_536
