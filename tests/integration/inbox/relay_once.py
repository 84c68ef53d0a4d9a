"""A relay in a process of its own, for a test that kills it; its settings come as JSON on stdin."""

from __future__ import annotations

import asyncio
import json
import sys

from shared.db.engine import Database, DatabaseSettings
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.outbox import Relay


async def main() -> None:
    given = json.load(sys.stdin)
    database = Database(DatabaseSettings(**given["database"]))
    relay = Relay(database, EventProducer(KafkaSettings(**given["kafka"]), source="gateway"))
    await relay.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
