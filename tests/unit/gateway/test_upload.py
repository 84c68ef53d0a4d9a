from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.gateway.callers import ANYBODY, Caller
from services.gateway.correcting import CorrectionPlan
from services.gateway.problems import ProblemError
from services.gateway.request import Accepted, UploadRequest, task_id_for
from services.gateway.rows import UploadState
from services.gateway.settings import HttpSettings
from services.gateway.upload import Uploads
from shared import ids
from shared.backoff import Backoff
from shared.db.engine import DatabaseAwayError
from shared.events import FileUploaded, LoadMode
from shared.storage.memory import InMemoryObjectStore
from shared.storage.port import StorageAwayError
from tests.unit.gateway.doubles import NOW, InMemoryUploadRows, in_chunks
from tests.unit.gateway.forms import CONTENT_TYPE, form, upload_form

CONTENT = b"time,n\n2026-01-01,1\n"
AT_ONCE = Backoff(first=timedelta(0), longest=timedelta(0))


def asking(
    body: AsyncIterator[bytes],
    task_id: str | None = None,
    *,
    content_type: str = CONTENT_TYPE,
    content_length: int | None = None,
) -> UploadRequest:
    """A request for a task of its own unless one is named."""
    return UploadRequest(
        caller=ANYBODY,
        task_id=task_id or ids.fresh_task_id(),
        body=body,
        content_type=content_type,
        content_length=content_length,
    )


@dataclass
class Gateway:
    """The use case with its doubles."""

    store: InMemoryObjectStore
    rows: InMemoryUploadRows
    limits: HttpSettings
    announced: list[str] = field(default_factory=list)

    def uploads(self) -> Uploads:
        return Uploads(
            store=self.store,
            rows=self.rows,
            limits=self.limits,
            clock=lambda: NOW,
            announce=lambda: self.announced.append("now"),
            plan=self.plan,
            backoff=AT_ONCE,
        )

    async def plan(self, task_id: str, caller: Caller) -> CorrectionPlan:
        raise AssertionError(task_id, caller)

    async def send(self, body: bytes, *, key: str | None = None, content_type: str = CONTENT_TYPE) -> Accepted:
        request = asking(
            in_chunks(body, 7), task_id_for("default", key), content_type=content_type, content_length=len(body)
        )
        return await self.uploads().receive(request)

    async def refused(self, body: bytes, *, key: str | None = None) -> ProblemError:
        with pytest.raises(ProblemError) as raised:
            await self.send(body, key=key)
        return raised.value

    def objects(self) -> dict[str, bytes]:
        return self.store.buckets["ingest"]

    def is_empty(self) -> bool:
        return not self.objects() and not self.rows.rows and not self.rows.promised and not self.store.unfinished


@pytest.fixture
async def gateway() -> Gateway:
    store = InMemoryObjectStore()
    await store.ensure_bucket()
    return Gateway(store, InMemoryUploadRows(), HttpSettings(max_upload_bytes=1000))


@pytest.mark.parametrize("file_first", [True, False])
async def test_accepted_file_is_stored_promised_and_announced(gateway: Gateway, *, file_first: bool) -> None:
    body = upload_form(
        CONTENT, filename="a/Data.CSV", fields=[("user_id", "ann"), ("mode", "replace")], file_first=file_first
    )
    accepted = await gateway.send(body)
    key = f"uploads/{accepted.task_id}.csv"
    assert gateway.objects() == {key: CONTENT}
    [event] = gateway.rows.promised
    assert (event.task_id, event.file_uri) == (accepted.task_id, f"s3://ingest/{key}")
    assert (event.datasource_name, event.user_id, event.original_filename) == ("sales", "ann", "Data.CSV")
    assert (event.file_size, event.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert event.etag == (await gateway.store.head(key)).etag
    assert event.options.mode is LoadMode.REPLACE
    assert event.accepted_at == NOW
    assert gateway.rows.rows[accepted.task_id].state is UploadState.STORED
    assert gateway.announced == ["now"]


async def test_two_uploads_without_a_key_are_two_tasks(gateway: Gateway) -> None:
    first, second = await gateway.send(upload_form()), await gateway.send(upload_form())
    assert first.task_id != second.task_id
    assert len(gateway.objects()) == 2


@pytest.mark.parametrize(
    ("body", "slug", "named"),
    [
        (upload_form(closed=False), "incomplete-body", None),
        (upload_form()[:60], "incomplete-body", None),
        (b"", "incomplete-body", None),
        (b"time,n\n1,2\n", "malformed-body", None),
        (form(("datasource_name", None, b"sales")), "missing-field", "file"),
        (upload_form(datasource=None), "missing-field", "datasource_name"),
        (upload_form(b""), "empty-file", "file"),
        (upload_form(datasource=""), "invalid-field", "datasource_name"),
        (upload_form(datasource="a/b", file_first=True), "invalid-field", "datasource_name"),
        (upload_form(fields=[("mode", "upsert")]), "invalid-field", "mode"),
        (upload_form(fields=[("user_id", "x" * 2000)]), "invalid-field", "user_id"),
        (upload_form(fields=[("colour", "red")]), "unknown-field", "colour"),
        (upload_form(fields=[("mode", "append"), ("mode", "append")]), "repeated-field", "mode"),
        (form(("file", "a", b"1"), ("file", "b", b"2"), ("datasource_name", None, b"x")), "repeated-field", "file"),
        (upload_form(b"x" * 1001), "too-large", "file"),
        (upload_form(b"x" * 1001, closed=False), "too-large", "file"),
    ],
)
async def test_refused_upload_leaves_nothing_behind(
    gateway: Gateway, body: bytes, slug: str, named: str | None
) -> None:
    problem = await gateway.refused(body)
    assert (problem.kind.slug, problem.field) == (slug, named)
    assert gateway.is_empty()


async def test_largest_file_is_taken(gateway: Gateway) -> None:
    await gateway.send(upload_form(b"x" * 1000))


async def test_announced_length_is_refused_before_anything_is_read(gateway: Gateway) -> None:
    body = in_chunks(upload_form())
    request = asking(body, content_length=1000 + 2**20 + 1)
    with pytest.raises(ProblemError, match="too-large"):
        await gateway.uploads().receive(request)
    assert await anext(body) == upload_form()


async def test_endless_epilogue_is_cut_off(gateway: Gateway) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield upload_form()
        for _ in range(100):
            yield b"x" * 65_536
        pytest.fail("all of it was read")

    with pytest.raises(ProblemError, match="too-large"):
        await gateway.uploads().receive(asking(endless()))
    assert gateway.is_empty()


async def test_bad_field_before_the_file_is_refused_before_the_file_is_read(gateway: Gateway) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield upload_form(datasource=".x", closed=False)
        pytest.fail("the file was read")

    with pytest.raises(ProblemError, match="start with a dot"):
        await gateway.uploads().receive(asking(body()))


@pytest.mark.parametrize("limit", ["upload_idle_timeout", "upload_timeout"])
async def test_client_that_stops_sending_is_cut_off(gateway: Gateway, limit: str) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield upload_form(closed=False)
        await asyncio.Event().wait()

    gateway.limits = gateway.limits.model_copy(update={limit: timedelta(milliseconds=20)})
    with pytest.raises(ProblemError, match="too-slow"):
        await gateway.uploads().receive(asking(stuck()))
    assert gateway.is_empty()


async def test_cancelled_request_leaves_nothing_behind(gateway: Gateway) -> None:
    begun = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield upload_form(closed=False)
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(gateway.uploads().receive(asking(stuck())))
    await begun.wait()
    assert gateway.rows.rows
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gateway.is_empty()


async def test_only_so_many_uploads_at_once(gateway: Gateway) -> None:
    gateway.limits = gateway.limits.model_copy(update={"max_uploads_at_once": 1})
    uploads, go = gateway.uploads(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await go.wait()
        yield upload_form()

    first = asyncio.create_task(uploads.receive(asking(slow())))
    await asyncio.sleep(0)
    with pytest.raises(ProblemError, match="busy"):
        await uploads.receive(asking(in_chunks(upload_form())))
    go.set()
    await first
    await uploads.receive(asking(in_chunks(upload_form())))


# ------------------------------------------------------------------------------------------ servers that are away


async def test_store_away_leaves_no_row_or_one_for_the_sweeper(gateway: Gateway) -> None:
    gateway.store.away = True
    with pytest.raises(StorageAwayError):
        await gateway.send(upload_form())
    assert {row.state for row in gateway.rows.rows.values()} <= {UploadState.RECEIVING}
    assert not gateway.rows.promised


async def test_database_away_at_the_start_takes_nothing(gateway: Gateway) -> None:
    gateway.rows.away = 1
    with pytest.raises(DatabaseAwayError):
        await gateway.send(upload_form())
    assert gateway.is_empty()


async def test_commit_that_happened_without_an_answer_is_accepted_once(gateway: Gateway) -> None:
    gateway.rows.answers_lost = 1
    accepted = await gateway.send(upload_form())
    assert [event.task_id for event in gateway.rows.promised] == [accepted.task_id]


async def test_commit_that_did_not_happen_is_made_again(gateway: Gateway) -> None:
    original = gateway.rows.store
    failures = [DatabaseAwayError(), DatabaseAwayError()]

    async def store(*arguments: object, **keywords: object) -> FileUploaded | None:
        if failures:
            raise failures.pop()
        return await original(*arguments, **keywords)  # type: ignore[arg-type]  # handed on as they came

    gateway.rows.store = store  # type: ignore[method-assign]  # the double's commit fails twice
    await gateway.send(upload_form())
    assert len(gateway.rows.promised) == 1


async def test_commit_whose_outcome_stays_unknown_is_no_202_and_keeps_the_object(gateway: Gateway) -> None:
    gateway.rows.answers_lost = 10
    original = gateway.rows.find
    gateway.rows.find = _away  # type: ignore[method-assign,assignment]  # PostgreSQL stays away
    with pytest.raises(DatabaseAwayError):
        await gateway.send(upload_form(), key="k")
    assert len(gateway.objects()) == 1
    assert len(gateway.rows.promised) == 1
    gateway.rows.find = original  # type: ignore[method-assign]  # and is back
    gateway.rows.answers_lost = 0
    assert (await gateway.send(upload_form(), key="k")).replayed
    assert len(gateway.rows.promised) == 1


async def _away(_task_id: str) -> None:
    raise DatabaseAwayError


# -------------------------------------------------------------------------------------------------- Idempotency-Key


async def test_same_key_and_file_replays_the_answer(gateway: Gateway) -> None:
    first = await gateway.send(upload_form(), key="k")
    second = await gateway.send(upload_form(file_first=True), key="k")
    assert second.replayed
    assert (second.task_id, second.sha256) == (first.task_id, first.sha256)
    assert len(gateway.rows.promised) == len(gateway.objects()) == 1


async def test_an_upload_without_a_mode_is_replayed_in_that_of_its_contract(gateway: Gateway) -> None:
    gateway.rows.modes["flights"] = LoadMode.REPLACE
    await gateway.send(upload_form(datasource="flights"), key="k")
    assert [event.options.mode for event in gateway.rows.promised] == [LoadMode.REPLACE]
    assert (await gateway.send(upload_form(datasource="flights"), key="k")).replayed
    appended = upload_form(datasource="flights", fields=[("mode", "append")])
    assert (await gateway.refused(appended, key="k")).kind.slug == "idempotency-key-reused"
    await gateway.send(appended, key="other")
    assert gateway.rows.promised[-1].options.mode is LoadMode.APPEND


@pytest.mark.parametrize(
    "other", [upload_form(b"other"), upload_form(datasource="other"), upload_form(fields=[("mode", "replace")])]
)
async def test_same_key_for_something_else_is_refused(gateway: Gateway, other: bytes) -> None:
    await gateway.send(upload_form(CONTENT), key="k")
    assert (await gateway.refused(other, key="k")).kind.slug == "idempotency-key-reused"
    assert list(gateway.objects().values()) == [CONTENT]
    assert len(gateway.rows.promised) == 1


async def test_same_key_in_flight_is_refused(gateway: Gateway) -> None:
    uploads, begun, go = gateway.uploads(), asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield upload_form()[:100]
        begun.set()
        await go.wait()
        yield upload_form()[100:]

    first = asyncio.create_task(uploads.receive(asking(slow(), task_id_for("default", "k"))))
    await begun.wait()
    with pytest.raises(ProblemError, match="upload-in-flight"):
        await uploads.receive(asking(in_chunks(upload_form()), task_id_for("default", "k")))
    go.set()
    assert not (await first).replayed


async def _die_before_the_commit(gateway: Gateway, body: bytes) -> None:
    """What a gateway leaves that dies at G3: the object, and a RECEIVING row."""
    original = gateway.rows.store
    gateway.rows.store = _fail  # type: ignore[method-assign]  # ends the request as a crash would
    with pytest.raises(asyncio.CancelledError):
        await gateway.send(body, key="k")
    gateway.rows.store = original  # type: ignore[method-assign]  # a new process
    assert [row.state for row in gateway.rows.rows.values()] == [UploadState.RECEIVING]


async def _fail(*_arguments: object, **_keywords: object) -> FileUploaded | None:
    raise asyncio.CancelledError


async def test_retry_after_a_death_before_the_commit_uses_the_object_again(gateway: Gateway) -> None:
    await _die_before_the_commit(gateway, upload_form(CONTENT))
    accepted = await gateway.send(upload_form(CONTENT), key="k")
    assert not accepted.replayed
    assert list(gateway.objects().values()) == [CONTENT]
    assert len(gateway.rows.promised) == 1


async def test_retry_with_another_file_does_not_touch_the_orphan(gateway: Gateway) -> None:
    await _die_before_the_commit(gateway, upload_form(CONTENT))
    assert (await gateway.refused(upload_form(b"other"), key="k")).kind.slug == "upload-in-flight"
    assert list(gateway.objects().values()) == [CONTENT]
    assert [row.state for row in gateway.rows.rows.values()] == [UploadState.RECEIVING]


async def test_retry_that_is_cut_off_keeps_the_row_for_the_sweeper(gateway: Gateway) -> None:
    await _die_before_the_commit(gateway, upload_form(CONTENT))
    assert (await gateway.refused(upload_form(CONTENT, closed=False), key="k")).kind.slug == "incomplete-body"
    assert [row.state for row in gateway.rows.rows.values()] == [UploadState.RECEIVING]


async def test_retry_while_the_sweeper_is_at_it_waits(gateway: Gateway) -> None:
    await _die_before_the_commit(gateway, upload_form(CONTENT))
    await gateway.rows.expire(older_than=timedelta(0))
    assert (await gateway.refused(upload_form(CONTENT), key="k")).kind.slug == "upload-in-flight"


async def test_request_whose_upload_was_swept_meanwhile_is_not_accepted(gateway: Gateway) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield upload_form()
        await gateway.rows.expire(older_than=timedelta(0))

    with pytest.raises(ProblemError, match="upload-in-flight"):
        await gateway.uploads().receive(asking(body(), task_id_for("default", "k")))
    assert not gateway.rows.promised


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
def test_keys_that_cannot_be_used(key: str) -> None:
    with pytest.raises(ProblemError, match="invalid-idempotency-key"):
        task_id_for("default", key)
