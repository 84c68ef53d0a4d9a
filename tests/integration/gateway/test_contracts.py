"""Contracts in the gateway's process: two replicas that take them at once, and what Kafka hears of it."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.db.engine import Database
from shared.kafka.admin import admin_client
from shared.kafka.settings import KafkaSettings
from tests.integration.gateway.conftest import Process, Start
from tests.integration.gateway.test_process import _nothing_promised, post, published, until
from tests.unit.gateway.forms import upload_form

ROUNDS = 8
WRITERS = 6


def contract(name: str, note: object = "") -> bytes:
    return f"# {note}\nformat_version: 1\ndatasource: {name}\ncolumns: [{{name: n, type: long}}]\n".encode()


def put(gateway: Process, name: str, content: bytes, follows: int | None = None) -> httpx.Response:
    headers = {"content-type": "application/yaml"} | ({} if follows is None else {"if-match": f'"{follows}-yaml"'})
    return gateway.client.put(f"/api/ingest/datasources/{name}", content=content, headers=headers)


async def told(settings: KafkaSettings, name: str) -> dict[str, dict[str, object]]:
    """The last record of each key of the datasource that the topic has by now."""
    consumer = AIOKafkaConsumer(
        f"{settings.topic_prefix}datasource.updated",
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="earliest",
        group_id=None,
    )
    await consumer.start()
    try:
        found = {}
        while batch := await consumer.getmany(timeout_ms=1000):
            for record in (one for records in batch.values() for one in records):
                found[record.key.decode()] = json.loads(record.value)
        return {key: body for key, body in found.items() if body["datasource_name"] == name}
    finally:
        await consumer.stop()


async def test_of_two_replicas_one_wins_each_version(
    start: Start, database: Database, kafka_settings: KafkaSettings
) -> None:
    gateways, name = (start(), start()), secrets.token_hex(6)

    def write(latest: int, one: int) -> httpx.Response:
        return put(gateways[one % 2], name, contract(name, (latest, one)), latest or None)

    async def all_told() -> bool:
        keys = [f"default/{name}/{number}" for number in range(1, ROUNDS + 1)]
        return all([await _nothing_promised(database, key) for key in keys])

    with ThreadPoolExecutor(WRITERS) as pool:
        for latest in range(ROUNDS):
            answers = list(pool.map(partial(write, latest), range(WRITERS)))
            refusal = 412 if latest else 428
            assert sorted(answer.status_code for answer in answers) == [201] + [refusal] * (WRITERS - 1)
            (won,) = (answer.json() for answer in answers if answer.status_code == 201)
            assert won["version"] == latest + 1
    history = gateways[1].client.get(f"/api/ingest/datasources/{name}/versions").json()["versions"]
    assert [version["version"] for version in history] == list(range(ROUNDS, 0, -1))
    await until(all_told)
    heard = await told(kafka_settings, name)
    assert sorted(heard) == sorted(f"default/{name}/{number}" for number in range(1, ROUNDS + 1))
    for number in range(1, ROUNDS + 1):
        kept = gateways[0].client.get(f"/api/ingest/datasources/{name}/versions/{number}").text
        assert heard[f"default/{name}/{number}"]["contract"] == kept


async def test_an_upload_is_pinned_to_the_latest_version(
    gateway: Process, database: Database, kafka_settings: KafkaSettings
) -> None:
    name = secrets.token_hex(6)
    accepted = [post(gateway, upload_form(datasource=name)).json()]
    for number in range(2):
        assert put(gateway, name, contract(name, number), number or None).status_code == 201
        accepted.append(post(gateway, upload_form(datasource=name)).json())
    named = upload_form(datasource=name, fields=[("contract_version", "1")])
    accepted.append(post(gateway, named).json())
    assert [one["contract_version"] for one in accepted] == [None, 1, 2, 1]
    unknown = post(gateway, upload_form(datasource=name, fields=[("contract_version", "3")]))
    assert (unknown.status_code, unknown.json()["field"]) == (422, "contract_version")
    said = []
    for one in accepted:
        await until(partial(_nothing_promised, database, one["task_id"]))
        [event] = await published(kafka_settings, one["task_id"])
        said.append(event["contract_version"])
        assert gateway.client.get(one["links"]["status"]).json()["contract_version"] == one["contract_version"]
    assert said == [0, 1, 2, 1]


async def test_the_topic_is_compacted(kafka_settings: KafkaSettings) -> None:
    topic = f"{kafka_settings.topic_prefix}datasource.updated"
    async with admin_client(kafka_settings) as client:
        [answer] = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        described = await client.describe_topics([topic])
    settings = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert settings["cleanup.policy"] == "compact"
    assert len(described[0]["partitions"]) == kafka_settings.partitions
