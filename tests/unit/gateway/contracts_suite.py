"""What the table of contracts does: the double and PostgreSQL run this same suite."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

import pytest

from services.gateway.contract_json import json_text
from services.gateway.datasource_rows import DatasourceRows, Decide, NewContract, Outcome, Version
from services.gateway.owners import ForeignDatasourceError
from services.gateway.preconditions import Decision
from shared.events import DEFAULT_TENANT
from tests.unit.gateway.doubles import NOW

TENANT = DEFAULT_TENANT


def new_name() -> str:
    return f"Füße {secrets.token_hex(6)}"


def contract_of(name: str, note: str = "", tenant: str = TENANT) -> NewContract:
    content = f"# {note} \r\nformat_version: 1\ndatasource: {name}\n".encode()
    digest = hashlib.sha256(content).hexdigest()
    return NewContract(tenant, name, content, json_text({"z": 1, "a": note}), digest, NOW, "ada")


def after(number: int) -> Decide:
    """Add if the latest version is this one."""

    def decide(latest: Version | None) -> Decision:
        return Decision.ADD if (latest.version if latest else 0) == number else Decision.VERSION_CHANGED

    return decide


class DatasourceRowsSuite:
    """Needs a fixture `contracts`."""

    async def test_versions_count_from_one_and_stay_byte_for_byte(self, contracts: DatasourceRows) -> None:
        name = new_name()
        assert await contracts.find(TENANT, name) is None
        first, second = contract_of(name, "one"), contract_of(name, "two")
        for number, sent in enumerate((first, second)):
            expected = Version(name, number + 1, sent.sha256, NOW, "ada")
            assert await contracts.add(sent, after(number)) == Outcome(Decision.ADD, expected)
        for version, sent in ((1, first), (2, second), (None, second)):
            found = await contracts.find(TENANT, name, version)
            assert found is not None
            assert (found.content, found.document, found.about.sha256) == (sent.content, sent.document, sent.sha256)
        assert await contracts.find(TENANT, name, 3) is None
        assert [version.version for version in await contracts.history(TENANT, name)] == [2, 1]

    async def test_what_is_not_to_be_added_is_not(self, contracts: DatasourceRows) -> None:
        name = new_name()
        assert await contracts.add(contract_of(name), after(1)) == Outcome(Decision.VERSION_CHANGED, None)
        added = await contracts.add(contract_of(name), after(0))
        assert await contracts.add(contract_of(name, "x"), after(0)) == Outcome(Decision.VERSION_CHANGED, added.latest)
        assert len(await contracts.history(TENANT, name)) == 1

    async def test_of_callers_at_the_same_time_one_wins(self, contracts: DatasourceRows) -> None:
        name = new_name()
        await contracts.add(contract_of(name), after(0))
        outcomes = await asyncio.gather(*(contracts.add(contract_of(name, str(one)), after(1)) for one in range(6)))
        assert sorted(one.decision.name for one in outcomes) == ["ADD"] + ["VERSION_CHANGED"] * 5
        assert [version.version for version in await contracts.history(TENANT, name)] == [2, 1]

    async def test_datasources_do_not_share_versions(self, contracts: DatasourceRows) -> None:
        one, other = new_name(), new_name()
        await contracts.add(contract_of(one), after(0))
        await contracts.add(contract_of(other), after(0))
        assert [version.datasource_name for version in await contracts.history(TENANT, other)] == [other]

    async def test_another_tenant_sees_nothing_and_cannot_use_the_name(self, contracts: DatasourceRows) -> None:
        name = new_name()
        await contracts.add(contract_of(name), after(0))
        assert await contracts.find("acme", name) is None
        assert await contracts.history("acme", name) == []
        for number in (0, 1):
            with pytest.raises(ForeignDatasourceError):
                await contracts.add(contract_of(name, "x", tenant="acme"), after(number))
        assert len(await contracts.history(TENANT, name)) == 1
