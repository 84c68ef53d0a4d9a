"""`ingest doctor`: asks every server and service for its version and state, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import Field, field_validator
from pydantic_settings import NoDecode
from sqlalchemy import text

from shared.db import migrate
from shared.db.engine import Database, DatabaseSettings
from shared.druid import DruidSettings, HttpDruid
from shared.kafka.admin import admin_client
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import all_topics
from shared.settings import SettingsGroup, load
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings

ANSWER_SECONDS = 5.0
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")


class ServicePages(SettingsGroup):
    """Where the services' health pages are: on this machine, each at its port, unless `url` says otherwise.

    `url` is the address of every service, with `{service}` and `{port}` to be filled in. `asked` (comma-separated) are
    the services whose pages can be reached from here.
    """

    url: str = Field(default="http://127.0.0.1:{port}", validation_alias="INGEST_HEALTH_URL")
    asked: Annotated[tuple[str, ...], NoDecode] = Field(default=SERVICES, validation_alias="INGEST_DOCTOR_SERVICES")
    gateway: int = Field(default=8000, validation_alias="GATEWAY_PORT")
    validator: int = Field(default=8001, validation_alias="VALIDATOR_PORT")
    submitter: int = Field(default=8002, validation_alias="SUBMITTER_PORT")
    monitor: int = Field(default=8003, validation_alias="MONITOR_PORT")
    projector: int = Field(default=8004, validation_alias="PROJECTOR_PORT")

    @field_validator("asked", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    def address(self, service: str) -> str:
        """The base address of a service's pages."""
        return self.url.format(service=service, port=getattr(self, service))


@dataclass(frozen=True)
class Finding:
    """What one server or service said: its version and state, or why it is down."""

    name: str
    good: bool
    said: str


async def examine(profile: Path | None) -> list[Finding]:
    """Ask everything that the settings name, each for at most five seconds.

    Raises:
        SettingsInvalidError: if a setting cannot be used.
    """
    kafka = load(KafkaSettings, profile=profile)
    database = load(DatabaseSettings, profile=profile)
    druid = load(DruidSettings, profile=profile)
    store = load(S3Settings, profile=profile)
    pages = load(ServicePages, profile=profile)
    questions: dict[str, Callable[[], Awaitable[str]]] = {
        "kafka": lambda: _kafka(kafka),
        "postgresql": lambda: _postgresql(database),
        "s3": lambda: _s3(store),
        "druid": lambda: _druid(druid),
        **{name: partial(_service, pages.address(name)) for name in pages.asked},
    }
    return list(await asyncio.gather(*(_ask(name, question) for name, question in questions.items())))


async def _ask(name: str, question: Callable[[], Awaitable[str]]) -> Finding:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return Finding(name, good=True, said=await question())
    except TimeoutError:
        return Finding(name, good=False, said=f"no answer within {ANSWER_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001  # whatever a library raises, the doctor says it and goes on
        lines = str(error).strip().splitlines()
        return Finding(name, good=False, said=lines[0] if lines else type(error).__name__)


async def _kafka(settings: KafkaSettings) -> str:
    async with admin_client(settings) as client:
        present = set(await client.list_topics())
        brokers = len((await client.describe_cluster())["brokers"])
    missing = [topic.name for topic in all_topics(settings) if topic.name not in present]
    if missing:
        msg = f"{settings.bootstrap_servers} lacks topics {', '.join(missing)}: run `ingest topics create`"
        raise LookupError(msg)
    return f"{settings.bootstrap_servers}  {brokers} broker(s), {len(all_topics(settings))} topics"


async def _postgresql(settings: DatabaseSettings) -> str:
    database = Database(settings)
    try:
        async with database.transaction() as connection:
            version = (await connection.execute(text("SHOW server_version"))).scalar_one()
    finally:
        await database.close()
    current, head = await migrate.current(settings), migrate.head()
    if current != head:
        msg = f"{settings.host}:{settings.port} is at revision {current}, not {head}: run `ingest db upgrade`"
        raise LookupError(msg)
    return f"{settings.host}:{settings.port}  PostgreSQL {version}, revision {current}"


async def _s3(settings: S3Settings) -> str:
    store = S3ObjectStore(settings)
    try:
        await store.ping()
    finally:
        await store.close()
    return f"{settings.s3_endpoint_url or 'AWS'}  bucket {settings.s3_bucket_name}"


async def _druid(settings: DruidSettings) -> str:
    druid = HttpDruid(settings)
    try:
        return f"{settings.url}  Druid {await druid.version()}"
    finally:
        await druid.close()


async def _service(address: str) -> str:
    said = address.removeprefix("http://")
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
        try:
            answer = await http.get(f"{address}/readyz")
        except httpx.TransportError as error:
            msg = f"nothing answers at {said}"
            raise LookupError(msg) from error
    checks = answer.json().get("checks", {})
    failed = [f"{name} ({check})" for name, check in checks.items() if check != "ok"]
    if not answer.is_success:
        msg = f"{said} is not ready: {', '.join(failed) or answer.status_code}"
        raise LookupError(msg)
    return f"{said}  ready: {', '.join(checks)}"
