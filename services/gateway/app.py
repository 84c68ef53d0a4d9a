"""The composition root: the one place that knows every concrete class."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from services.gateway.authenticating import Authenticator, Keys, Nobody
from services.gateway.command_rows import CommandRows, PostgresCommandRows
from services.gateway.commanding import Commanding
from services.gateway.datasource_routes import datasource_routes
from services.gateway.datasource_rows import DatasourceRows, PostgresDatasourceRows
from services.gateway.datasources import Datasources
from services.gateway.decisions import SOURCE, DecisionRows, PostgresDecisionRows
from services.gateway.errors import ProblemMiddleware, install
from services.gateway.event_routes import event_routes
from services.gateway.families import Families
from services.gateway.feed_rows import FeedRows, PostgresFeedRows
from services.gateway.history import HistoryRows, PostgresHistoryRows
from services.gateway.hub import Hub
from services.gateway.key_routes import key_routes
from services.gateway.key_rows import KeyRows, PostgresKeyRows
from services.gateway.keys import ApiKeys
from services.gateway.origins import OriginMiddleware, origins_pattern
from services.gateway.result_routes import result_routes
from services.gateway.results import Results
from services.gateway.routes import (
    command_routes,
    health_routes,
    spec_routes,
    undo_routes,
    upload_routes,
    waiver_routes,
)
from services.gateway.rows import PostgresUploadRows, UploadRows
from services.gateway.settings import Auth, GatewaySettings
from services.gateway.specs import Specs
from services.gateway.status import PostgresTaskRows, TaskRows
from services.gateway.streaming import Streams
from services.gateway.sweeper import Sweeper
from services.gateway.task_list import PostgresTaskListRows, TaskListRows
from services.gateway.task_reading import TaskReading
from services.gateway.task_routes import list_routes, task_routes
from services.gateway.undoing import PostgresUndoRows, UndoRows, Undos
from services.gateway.upload import Uploads
from services.gateway.waiving import Waivers
from shared.db.engine import Database
from shared.kafka import admin
from shared.kafka.producer import EventProducer
from shared.outbox import Relay
from shared.service import drain, supervised
from shared.storage.port import ObjectStore
from shared.storage.s3 import S3ObjectStore


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def create_app(  # noqa: PLR0913  # each part of it can be another one
    settings: GatewaySettings,
    *,
    store: ObjectStore | None = None,
    database: Database | None = None,
    producer: EventProducer | None = None,
    upload_rows: UploadRows | None = None,
    task_rows: TaskRows | None = None,
    decision_rows: DecisionRows | None = None,
    datasource_rows: DatasourceRows | None = None,
    command_rows: CommandRows | None = None,
    history_rows: HistoryRows | None = None,
    undo_rows: UndoRows | None = None,
    task_list_rows: TaskListRows | None = None,
    feed_rows: FeedRows | None = None,
    key_rows: KeyRows | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """Put the gateway together. Nothing connects before the application starts, and Kafka may stay away then too."""
    store = store or S3ObjectStore(settings.s3)
    database = database or Database(settings.database)
    producer = producer or EventProducer(settings.kafka, source=SOURCE)
    upload_rows = upload_rows or PostgresUploadRows(database)
    task_rows = task_rows or PostgresTaskRows(database)
    decision_rows = decision_rows or PostgresDecisionRows(database)
    command_rows = command_rows or PostgresCommandRows(database)
    history_rows = history_rows or PostgresHistoryRows(database)
    key_rows = key_rows or PostgresKeyRows(database)
    families = Families(task_rows, upload_rows, decision_rows)
    datasource_rows = datasource_rows or PostgresDatasourceRows(database)
    feed_rows = feed_rows or PostgresFeedRows(database)
    hub = Hub(feed_rows)
    relay = Relay(database, producer)
    limits = settings.http
    sweeper = Sweeper(store=store, rows=upload_rows, expiry=limits.upload_expiry, interval=limits.sweep_interval)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(supervised(loop, stop)) for loop in (relay.run, sweeper.run)]
        yield
        stop.set()
        await hub.close()
        await drain(tasks)
        await producer.stop()
        await store.close()
        await database.close()

    async def kafka_answers() -> None:
        await admin.ping(settings.kafka)

    app = FastAPI(
        title="gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    install(app)
    app.state.authenticator = _authenticator(settings.http.auth, key_rows, clock)
    app.state.leave = hub.leave
    _add_middleware(app, origins_pattern(limits.cors_origins))
    uploads = Uploads(
        store=store, rows=upload_rows, limits=limits, clock=clock, announce=relay.wake, plan=families.plan
    )
    app.include_router(upload_routes(uploads))
    app.include_router(waiver_routes(Waivers(families, decision_rows, clock=clock, announce=relay.wake)))
    commanding = Commanding(task_rows, upload_rows, history_rows, command_rows, clock=clock, announce=relay.wake)
    app.include_router(command_routes(commanding))
    undos = Undos(task_rows, upload_rows, undo_rows or PostgresUndoRows(database), clock=clock, announce=relay.wake)
    app.include_router(undo_routes(undos))
    app.include_router(list_routes(task_list_rows or PostgresTaskListRows(database)))
    _add_reading(app, TaskReading(task_rows, upload_rows, hub), Streams(feed_rows, hub))
    app.include_router(spec_routes(Specs(task_rows, upload_rows, store)))
    app.include_router(result_routes(Results(task_rows, upload_rows, store)))
    datasources = Datasources(
        datasource_rows, clock=clock, announce=relay.wake, max_record_bytes=settings.kafka.max_record_bytes
    )
    app.include_router(datasource_routes(datasources))
    app.include_router(key_routes(ApiKeys(key_rows, clock=clock)))
    checks = {"postgresql": database.ping, "s3": store.ping, "kafka": kafka_answers}
    app.include_router(health_routes((relay.progress, sweeper.progress, hub.progress), checks))
    return app


def _add_reading(app: FastAPI, reading: TaskReading, streams: Streams) -> None:
    app.include_router(task_routes(reading))
    app.include_router(event_routes(streams, reading))


def _authenticator(auth: Auth, rows: KeyRows, clock: Callable[[], datetime]) -> Authenticator:
    return Nobody() if auth is Auth.NONE else Keys(rows, clock=clock)


def _add_middleware(app: FastAPI, origins: str) -> None:
    """The last one added is the outermost: CORS headers stand on problems too."""
    app.add_middleware(OriginMiddleware, allowed=origins)
    app.add_middleware(ProblemMiddleware)
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["*"],
        expose_headers=[
            "Location",
            "Retry-After",
            "Idempotent-Replayed",
            "ETag",
            "Content-Location",
            "Content-Disposition",
            "Link",
            "Preference-Applied",
            "WWW-Authenticate",
        ],
    )
