from __future__ import annotations

import pytest

from shared.storage.memory import InMemoryObjectStore
from shared.storage.port import StorageAwayError, StorageRefusedError
from tests.unit.storage.suite import ObjectStoreSuite


@pytest.fixture
async def store() -> InMemoryObjectStore:
    made = InMemoryObjectStore()
    await made.ensure_bucket()
    return made


class TestInMemoryObjectStore(ObjectStoreSuite):
    """The double passes the suite of the real one."""


async def test_away_store_fails_like_a_server_that_is_gone(store: InMemoryObjectStore) -> None:
    store.away = True
    with pytest.raises(StorageAwayError):
        await store.put_bytes("a", b"x")
    with pytest.raises(StorageAwayError):
        await store.ping()


async def test_missing_bucket_is_refused() -> None:
    with pytest.raises(StorageRefusedError):
        await InMemoryObjectStore("nothing").ping()
