"""Keeps the frozen spec of an attempt in the object store, where its user can read what Druid was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.submitter.sources import without_signatures
from shared.druid import canonical_json
from shared.object_keys import of_tenant
from shared.storage.port import ObjectStore

MEDIA_TYPE = "application/json"


class Keeping:
    """Writes specs, without what lets a reader read the parts.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def __call__(self, spec: Mapping[str, Any], *, tenant: str, task_id: str, attempt: int) -> str:
        """Keep a frozen spec; the key of its object. Again is the same bytes under the same key.

        Raises:
            StorageAwayError: keep it again.
            StorageRefusedError: likewise, once a person has seen to the bucket or its credentials.
        """
        key = key_of(tenant=tenant, task_id=task_id, attempt=attempt)
        await self._store.put_bytes(key, canonical_json(without_signatures(spec)), content_type=MEDIA_TYPE)
        return key


def key_of(*, tenant: str, task_id: str, attempt: int) -> str:
    """Under which key the spec of an attempt is kept."""
    return of_tenant(tenant, f"specs/{task_id}/{attempt}.json")
