"""What the uploads table does: the double and PostgreSQL run this same suite."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.gateway.owners import ForeignDatasourceError
from services.gateway.rows import Claim, FoundUpload, NewUpload, UploadRows, UploadState
from shared import ids
from shared.events import FileUploaded, LoadMode, LoadOptions
from tests.unit.gateway.doubles import NOW


def new_upload() -> NewUpload:
    task_id = ids.fresh_task_id()
    return NewUpload(task_id, f"uploads/{task_id}.csv", f"s3://ingest/uploads/{task_id}.csv", "data.csv")


def event_of(upload: NewUpload, *, sha256: str = "a" * 64) -> FileUploaded:
    return FileUploaded(
        task_id=upload.task_id,
        datasource_name="Füße 1",
        file_uri=upload.file_uri,
        accepted_at=NOW,
        original_filename=upload.original_filename,
        user_id="ann",
        file_size=2**40,
        sha256=sha256,
        etag='"x"',
        options=LoadOptions(mode=LoadMode.REPLACE, delimiter="\t"),
    )


async def begun(rows: UploadRows) -> Claim:
    claim = await rows.begin(new_upload())
    assert isinstance(claim, Claim)
    return claim


class UploadRowsSuite:
    """Needs a fixture `rows`."""

    async def test_an_upload_begins_once(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        assert claim.fresh
        found = await rows.begin(NewUpload(claim.upload.task_id, "uploads/other.bin", "s3://b/other", None))
        assert isinstance(found, FoundUpload)
        assert (found.state, found.upload, found.begun_at) == (UploadState.RECEIVING, claim.upload, claim.begun_at)

    async def test_stored_upload_is_found_with_what_was_said(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        assert await rows.store(claim, event_of(claim.upload), traceparent=None)
        found = await rows.find(claim.upload.task_id)
        assert found is not None
        assert (found.state, found.stored_at, found.file_size) == (UploadState.STORED, NOW, 2**40)
        assert (found.datasource_name, found.user_id, found.sha256) == ("Füße 1", "ann", "a" * 64)
        assert LoadOptions.model_validate(found.options) == event_of(claim.upload).options

    async def test_an_upload_is_stored_once(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        assert await rows.store(claim, event_of(claim.upload), traceparent=None)
        assert not await rows.store(claim, event_of(claim.upload, sha256="b" * 64), traceparent=None)
        found = await rows.find(claim.upload.task_id)
        assert found is not None
        assert found.sha256 == "a" * 64

    async def test_who_takes_over_has_the_only_claim(self, rows: UploadRows) -> None:
        first = await begun(rows)
        found = await rows.find(first.upload.task_id)
        assert found is not None
        second = await rows.take_over(found)
        assert second is not None
        assert not second.fresh
        assert await rows.take_over(found) is None
        await rows.discard(first)
        assert not await rows.store(first, event_of(first.upload), traceparent=None)
        assert await rows.store(second, event_of(first.upload), traceparent=None)

    async def test_discarded_upload_never_was(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.discard(claim)
        assert await rows.find(claim.upload.task_id) is None

    async def test_stored_upload_is_neither_discarded_nor_expired_nor_removed(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.store(claim, event_of(claim.upload), traceparent=None)
        await rows.discard(claim)
        async with rows.removing(claim.upload.task_id) as held:
            assert not held
        expired = await rows.expire(older_than=timedelta(0))
        assert claim.upload.task_id not in {found.upload.task_id for found in expired}
        found = await rows.find(claim.upload.task_id)
        assert found is not None
        assert found.state is UploadState.STORED

    async def test_only_old_uploads_expire(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        assert claim.upload.task_id not in {
            found.upload.task_id for found in await rows.expire(older_than=timedelta(hours=1))
        }
        assert claim.upload.task_id in {found.upload.task_id for found in await rows.expire(older_than=timedelta(0))}

    async def test_expired_upload_cannot_be_stored_or_taken_over(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.expire(older_than=timedelta(0))
        assert not await rows.store(claim, event_of(claim.upload), traceparent=None)
        found = await rows.find(claim.upload.task_id)
        assert found is not None
        assert found.state is UploadState.EXPIRED
        assert await rows.take_over(found) is None

    async def test_expired_upload_is_listed_until_it_is_removed(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.expire(older_than=timedelta(0))
        again = await rows.expire(older_than=timedelta(hours=1))
        assert claim.upload.task_id in {found.upload.task_id for found in again}
        async with rows.removing(claim.upload.task_id) as held:
            assert held
        assert await rows.find(claim.upload.task_id) is None
        assert isinstance(await rows.begin(claim.upload), Claim)

    async def test_only_one_at_a_time_removes_an_expired_upload(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.expire(older_than=timedelta(0))
        async with rows.removing(claim.upload.task_id) as held:
            assert held
            async with rows.removing(claim.upload.task_id) as held_too:
                assert not held_too
            found = await rows.begin(claim.upload)
            assert isinstance(found, FoundUpload)
            assert found.state is UploadState.EXPIRED
        async with rows.removing(claim.upload.task_id) as held:
            assert not held

    async def test_removal_that_fails_is_taken_up_again(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        await rows.expire(older_than=timedelta(0))
        with pytest.raises(RuntimeError):  # noqa: PT012  # the error must cross the block's end
            async with rows.removing(claim.upload.task_id) as held:
                assert held
                raise RuntimeError
        async with rows.removing(claim.upload.task_id) as held:
            assert held

    async def test_new_upload_is_not_removed_for_one_that_expired(self, rows: UploadRows) -> None:
        claim = await begun(rows)
        async with rows.removing(claim.upload.task_id) as held:
            assert not held
        assert await rows.store(claim, event_of(claim.upload), traceparent=None)

    async def test_a_datasource_is_the_tenant_s_who_uses_it_first(self, rows: UploadRows) -> None:
        name = f"mine {ids.fresh_task_id()}"
        assert await rows.owner(name) is None
        for _ in range(2):
            claim = await begun(rows)
            event = event_of(claim.upload).model_copy(update={"datasource_name": name})
            assert await rows.store(claim, event, traceparent=None)
        assert await rows.owner(name) == event.tenant
        upload = replace(new_upload(), tenant="acme")
        other = await rows.begin(upload)
        assert isinstance(other, Claim)
        with pytest.raises(ForeignDatasourceError):
            await rows.store(
                other, event_of(upload).model_copy(update={"tenant": "acme", "datasource_name": name}), traceparent=None
            )
        found = await rows.find(upload.task_id)
        assert found is not None
        assert (found.state, found.upload.tenant) == (UploadState.RECEIVING, "acme")
