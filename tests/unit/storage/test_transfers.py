from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import IO

import pytest
from pydantic import SecretStr

from shared.settings import load
from shared.storage.memory import InMemoryObjectStore
from shared.storage.port import parse_uri, uri_of
from shared.storage.s3 import S3ObjectStore, client_config
from shared.storage.settings import MIB, S3Settings
from shared.storage.transfers import part_bytes


def test_parts_double_after_every_thousand() -> None:
    sizes = [part_bytes(number, first=8 * MIB) // MIB for number in (1, 1000, 1001, 2000, 2001, 10_000)]
    assert sizes == [8, 8, 16, 16, 32, 8 << 9]


def test_ten_thousand_parts_hold_more_than_s3_takes() -> None:
    whole = sum(part_bytes(number, first=8 * MIB) for number in range(1, 10_001))
    assert whole > 5 * 1024**4


@pytest.mark.parametrize("key", ["uploads/abc.csv", "a/b c/ü", "x"])
def test_address_and_back(key: str) -> None:
    assert parse_uri(uri_of("bucket", key)) == ("bucket", key)


@pytest.mark.parametrize(
    "uri", ["", "s3://", "s3://bucket", "s3://bucket/", "http://bucket/key", "s3:///key", "s3://B_/k"]
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/key"):
        parse_uri(uri)


def test_settings_come_from_the_usual_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "S3_ENDPOINT_URL": "http://localhost:9000",
        "S3_BUCKET_NAME": "files",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "a/b+c=%$",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load(S3Settings, profile=Path("/nonexistent"))
    assert settings.s3_endpoint_url == "http://localhost:9000"
    assert settings.s3_bucket_name == "files"
    assert settings.aws_secret_access_key == SecretStr("a/b+c=%$")
    assert "a/b+c" not in repr(settings)


def test_requests_are_signed_in_version_4_and_bounded_in_time() -> None:
    config = vars(client_config(S3Settings()))
    assert config["_user_provided_options"]["signature_version"] == "s3v4"
    assert config["_user_provided_options"]["s3"] == {"addressing_style": "path"}
    assert config["_user_provided_options"]["connect_timeout"] == 5
    assert config["_user_provided_options"]["read_timeout"] == 30


async def test_nothing_connects_before_the_first_call() -> None:
    store = S3ObjectStore(S3Settings(s3_endpoint_url="http://127.0.0.1:1"))
    assert store.bucket == "ingest"
    await store.close()


async def test_a_transfer_that_is_cancelled_leaves_no_file_open(tmp_path: Path) -> None:
    """The file is opened in a thread, which nobody can stop: it is closed when it is there."""
    source = tmp_path / "rows"
    os.mkfifo(source)  # opening it waits for a writer
    store = InMemoryObjectStore()
    await store.ensure_bucket()
    sending = asyncio.create_task(store.put_file("rows", source))
    await asyncio.sleep(0.05)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with await asyncio.to_thread(source.open, "wb") as other_end:
        async with asyncio.timeout(10):
            while is_read(other_end):  # noqa: ASYNC110  # a pipe has no event to wait for
                await asyncio.sleep(0.01)


def is_read(pipe: IO[bytes]) -> bool:
    """Whether anybody has the other end of a pipe open: writing tells."""
    try:
        os.write(pipe.fileno(), b"x")
    except BrokenPipeError:
        return False
    return True
