"""What the table of API keys does: the double and PostgreSQL run this same suite."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.gateway.api_keys import ApiKey
from services.gateway.callers import Scope
from services.gateway.key_rows import USE_NOTED_EVERY, KeptKey, KeyRows
from tests.unit.gateway.doubles import NOW

SOON = timedelta(seconds=1)


def kept_key(tenant: str, *, after: timedelta = timedelta(0)) -> KeptKey:
    key = ApiKey.draw()
    return KeptKey(
        key_id=key.key_id,
        tenant=tenant,
        name="Füße",
        hash=key.hash,
        scopes=frozenset({Scope.READ, Scope.WRITE}),
        datasources=("sales_*", "x"),
        created_at=NOW + after,
        created_by="operator",
        expires_at=NOW + timedelta(days=1),
    )


def new_tenant() -> str:
    return f"t{ApiKey.draw().key_id}"


class KeyRowsSuite:
    """Needs a fixture `keys`."""

    async def test_a_key_is_kept_once_as_it_was(self, keys: KeyRows) -> None:
        key = kept_key(new_tenant())
        assert await keys.find(key.key_id) is None
        assert await keys.add(key)
        assert not await keys.add(replace(key, name="other"))
        assert await keys.find(key.key_id) == key
        assert await keys.all(key.tenant) == [key]

    async def test_its_use_is_noted_once_a_minute(self, keys: KeyRows) -> None:
        key = kept_key(new_tenant())
        await keys.add(key)
        seen = []
        for now in (NOW, NOW + SOON, NOW + USE_NOTED_EVERY + SOON):
            await keys.used(key, now)
            [found] = await keys.all(key.tenant)
            seen.append(found.last_used_at)
        assert seen == [NOW, NOW, NOW + USE_NOTED_EVERY + SOON]

    async def test_a_tenant_has_its_own_the_latest_first(self, keys: KeyRows) -> None:
        tenant, other = new_tenant(), new_tenant()
        first, second, foreign = kept_key(tenant), kept_key(tenant, after=SOON), kept_key(other)
        for key in (first, second, foreign):
            await keys.add(key)
        assert await keys.all(tenant) == [second, first]
        assert await keys.end(other, first.key_id, NOW) is None
        assert await keys.all(tenant) == [second, first]

    async def test_the_first_end_stays(self, keys: KeyRows) -> None:
        key = kept_key(new_tenant())
        await keys.add(key)
        ends = []
        for at in (NOW + 2 * SOON, NOW + SOON, NOW + 3 * SOON):
            ended = await keys.end(key.tenant, key.key_id, at)
            assert ended is not None
            ends.append(ended.revoked_at)
        assert ends == [NOW + 2 * SOON, NOW + SOON, NOW + SOON]
