from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from shared.storage.port import ObjectWriter, StorageAwayError, StorageRefusedError
from shared.storage.s3 import S3ObjectStore
from shared.storage.s3_writer import S3Writer
from shared.storage.settings import S3Settings
from tests.unit.storage.suite import LARGE_BYTES, ObjectStoreSuite

pytestmark = pytest.mark.integration


class TestS3ObjectStore(ObjectStoreSuite):
    """The real store passes the suite of the double."""

    async def arrived(self, writer: ObjectWriter) -> None:
        assert isinstance(writer, S3Writer)
        await writer._settle(0)


async def test_wrong_key_and_missing_bucket_are_refused(store: S3ObjectStore, s3_settings: S3Settings) -> None:
    del store
    for change in (
        {"aws_secret_access_key": SecretStr("wrong")},
        {"aws_access_key_id": "nobody"},
        {"s3_bucket_name": "no-such-bucket-anywhere"},
    ):
        other = S3ObjectStore(s3_settings.model_copy(update=change))
        with pytest.raises(StorageRefusedError):
            await other.ping()
        with pytest.raises(StorageRefusedError):
            await other.put_bytes("x", b"x")
        await other.close()


async def test_server_that_is_gone_is_away(s3_settings: S3Settings) -> None:
    other = S3ObjectStore(s3_settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1", "s3_attempts": 1}))
    with pytest.raises(StorageAwayError):
        await other.ping()
    writer = other.writer("x")
    with pytest.raises(StorageAwayError):
        await writer.write(b"x" * LARGE_BYTES)
    await writer.abort()
    await other.close()


async def test_server_that_hangs_up_in_the_middle_of_an_answer_is_away(s3_settings: S3Settings) -> None:
    async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\nonly this')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half_an_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    change = {"s3_endpoint_url": f"http://127.0.0.1:{port}", "s3_attempts": 1}
    other = S3ObjectStore(s3_settings.model_copy(update=change))
    with pytest.raises(StorageAwayError):
        async for _ in other.read("key"):
            pass
    await other.close()
    server.close()
    await server.wait_closed()


async def test_list_goes_past_one_page(store: S3ObjectStore) -> None:
    limit = asyncio.Semaphore(16)

    async def put(number: int) -> None:
        async with limit:
            await store.put_bytes(f"many/{number:04}", b"")

    await asyncio.gather(*map(put, range(1003)))
    assert len([found async for found in store.list("many/")]) == 1003


async def test_an_address_is_good_without_credentials_and_for_a_while(store: S3ObjectStore) -> None:
    await store.put_bytes("run/ä ?#%.gz", b"parts")
    url = await store.presigned_get("run/ä ?#%.gz", lifetime=timedelta(minutes=1))
    bare = url.partition("?")[0]
    spent = await store.presigned_get("run/ä ?#%.gz", lifetime=timedelta(seconds=1))
    await asyncio.sleep(2.1)
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.get(address) for address in (url, bare, spent)]
    assert (answers[0].status_code, answers[0].content) == (200, b"parts")
    assert [answer.status_code for answer in answers[1:]] == [403, 403]
