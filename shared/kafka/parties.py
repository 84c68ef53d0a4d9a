"""Who says and who hears what: the one table of it.

Topics for dead letters are made from it, and `docs/events.md` and `docs/asyncapi.json` show it. The contract tests
compare it with what the services' composition roots subscribe to and with the events that their code makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.events import (
    EVENT_CLASSES,
    AnyEvent,
    DatasourceUpdated,
    DruidSubmitted,
    FileUploaded,
    FileValidated,
    TaskCommand,
    TaskUpdated,
)
from shared.kafka.envelope import UpstreamFile

Message: TypeAlias = type[AnyEvent | UpstreamFile]

MESSAGES: tuple[Message, ...] = (*EVENT_CLASSES, UpstreamFile)
LETTER = "DeadLetter"


@dataclass(frozen=True)
class Party:
    """A service, or whatever stands outside and says something to one.

    Args:
        name: the service's name, as in its consumer group and in `ce_source`.
        says: the messages that it decides to send.
        hears: the events whose topics it reads, with all that is on them.
    """

    name: str
    says: tuple[Message, ...] = ()
    hears: tuple[type[AnyEvent], ...] = ()

    @property
    def sends(self) -> dict[str, tuple[str, ...]]:
        """Names of messages by topic: what it says, and what it sends because it may have to park what it hears."""
        sent: dict[str, tuple[str, ...]] = {}
        for message in self.says:
            sent[message.topic] = (*sent.get(message.topic, ()), message.__name__)
        if self.hears:
            sent.setdefault(TaskUpdated.topic, (TaskUpdated.__name__,))
            sent[f"{self.name}.dlq"] = (LETTER,)
        return sent

    @property
    def receives(self) -> tuple[str, ...]:
        """The topics that its consumer group reads."""
        return tuple(event.topic for event in self.hears)

    def only_parks_on(self, topic: str) -> bool:
        """Whether it sends to the topic only when it parks a record."""
        return topic in self.sends and all(message.topic != topic for message in self.says)


PARTIES = (
    Party("upstream", says=(UpstreamFile,)),
    Party("gateway", says=(FileUploaded, TaskCommand, DatasourceUpdated)),
    Party("validator", says=(TaskUpdated, FileValidated), hears=(FileUploaded, DatasourceUpdated, TaskCommand)),
    Party(
        "submitter",
        says=(TaskUpdated, DruidSubmitted),
        hears=(FileUploaded, FileValidated, TaskUpdated, TaskCommand),
    ),
    Party("monitor", says=(TaskUpdated, TaskCommand), hears=(DruidSubmitted, TaskCommand)),
    Party("projector", hears=(FileUploaded, FileValidated, DruidSubmitted, TaskUpdated, TaskCommand)),
)
SERVICES_THAT_LISTEN = tuple(party.name for party in PARTIES if party.hears)


def messages_on(topic: str) -> tuple[str, ...]:
    """Names of all messages that a topic (without prefix) can hold."""
    if topic.endswith(".dlq"):
        return (LETTER,)
    return tuple(message.__name__ for message in MESSAGES if message.topic == topic)
