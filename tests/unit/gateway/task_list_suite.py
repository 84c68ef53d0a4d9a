"""What the list of tasks does: the double and PostgreSQL run this same suite."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.gateway.callers import Caller, Scope
from services.gateway.status import LINKED
from services.gateway.task_list import TaskListRows, cursor_of
from services.gateway.task_pages import COLUMNS
from services.gateway.task_query import TaskQuery
from shared import ids
from shared.events import TaskStatus
from tests.unit.gateway.doubles import NOW
from tests.unit.gateway.families_of import task

Show = Callable[[Mapping[str, Any]], Awaitable[None]]


def reader(*datasources: str, tenant: str | None = None) -> Caller:
    """A caller of a tenant that no other test has."""
    return Caller(tenant or secrets.token_hex(4), "reader", frozenset({Scope.READ}), datasources or ("*",))


def shown(caller: Caller, **changes: Any) -> dict[str, Any]:
    task_id = ids.fresh_task_id()
    return task(task_id, **{"tenant": caller.tenant, "created_at": NOW, "updated_at": NOW, **changes})


def ids_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [row["task_id"] for row in rows]


async def all_pages(listing: TaskListRows, caller: Caller, limit: int) -> list[list[str]]:
    pages, after = [], None
    while True:
        found = await listing.page(caller, TaskQuery(limit=limit, after=after))
        pages.append(ids_of(found[:limit]))
        if len(found) <= limit:
            return pages
        after = cursor_of(found[limit - 1])


class TaskListSuite:
    """Needs the fixtures `listing` and `show`, which puts a row into the table."""

    async def test_the_newest_comes_first_and_each_once(self, listing: TaskListRows, show: Show) -> None:
        caller = reader()
        rows = [shown(caller, created_at=NOW + timedelta(seconds=number // 3)) for number in range(10)]
        for row in rows:
            await show(row)
        expected = ids_of(sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True))
        for limit in (1, 3, 4, 10, 11):
            pages = await all_pages(listing, caller, limit)
            assert [one for page in pages for one in page] == expected
            assert len(pages) == -(-10 // limit)

    async def test_rows_that_come_between_move_no_other(self, listing: TaskListRows, show: Show) -> None:
        caller = reader()
        rows = [shown(caller, created_at=NOW + timedelta(seconds=number)) for number in range(6)]
        for row in rows:
            await show(row)
        seen, after = [], None
        for number in range(3):
            page = (await listing.page(caller, TaskQuery(limit=2, after=after)))[:2]
            after = cursor_of(page[-1])
            seen += ids_of(page)
            await show(shown(caller, created_at=NOW + timedelta(seconds=100 + number)))
        assert seen == ids_of(reversed(rows))
        assert await listing.page(caller, TaskQuery(after=after)) == []

    async def test_a_task_is_listed_once_its_place_is_known(self, listing: TaskListRows, show: Show) -> None:
        caller = reader()
        under_way = shown(caller, created_at=None, status="VALIDATING")
        parked = shown(caller, created_at=None, completed_at=NOW, datasource_name=None, status="FAILED")
        for row in (under_way, parked):
            await show(row)
        assert ids_of(await listing.page(caller, TaskQuery())) == [parked["task_id"]]

    async def test_other_tenants_and_other_datasources_are_not_there(self, listing: TaskListRows, show: Show) -> None:
        everything = reader()
        part = reader("sales.*", "st*ck", tenant=everything.tenant)
        rows = {
            name: shown(everything, datasource_name=name)
            for name in ("sales.eu", "salesXeu", "stock", "stick", "sales.", "stock2", "Füße")
        }
        for row in rows.values():
            await show(row)
        await show(shown(everything, datasource_name=None))
        await show(shown(reader(), datasource_name="stock"))
        seen = {row["datasource_name"] for row in await listing.page(part, TaskQuery())}
        assert seen == {"sales.eu", "stock", "stick", "sales."}
        assert len(await listing.page(everything, TaskQuery())) == 8
        assert await listing.page(reader("nothing", tenant=everything.tenant), TaskQuery()) == []
        assert await listing.page(Caller(everything.tenant, "none", frozenset(), ()), TaskQuery()) == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "abcd"),
            ({"datasource": "stock"}, "c"),
            ({"datasource": "stoc_"}, ""),
            ({"statuses": (TaskStatus.FAILED, TaskStatus.REJECTED)}, "bc"),
            ({"user": "ann"}, "ad"),
            ({"user": "Ann"}, ""),
            ({"text": "SALES"}, "ab"),
            ({"text": "100%"}, "b"),
            ({"text": "%"}, "b"),
            ({"text": "_"}, "a"),
            ({"text": "/"}, ""),
            ({"text": "\\"}, "c"),
            ({"text": "no TIME"}, "c"),
            ({"text": "straße"}, "d"),
            ({"created_after": NOW}, "bcd"),
            ({"created_after": NOW + timedelta(seconds=3)}, ""),
            ({"user": "ann", "text": "sales"}, "a"),
        ],
    )
    async def test_what_is_asked_for(
        self, listing: TaskListRows, show: Show, query: dict[str, Any], found: str
    ) -> None:
        caller = reader()
        rows = {
            "a": shown(caller, original_filename="Sales_2026.csv", user_id="ann"),
            "b": shown(caller, original_filename="sales 100%.csv", user_id="bob", status="REJECTED"),
            "c": shown(
                caller,
                datasource_name="stock",
                original_filename=None,
                status="FAILED",
                error_message="No time\\column",
            ),
            "d": shown(caller, original_filename="Straße.csv", user_id="ann"),
        }
        for seconds, row in enumerate(rows.values()):
            await show({**row, "created_at": NOW + timedelta(seconds=seconds)})
        listed = await listing.page(caller, TaskQuery(**query))
        assert sorted(name for name, row in rows.items() if row["task_id"] in ids_of(listed)) == sorted(found)
        assert len(listed) == len(found)

    async def test_a_part_of_an_id_finds_its_task(self, listing: TaskListRows, show: Show) -> None:
        caller = reader()
        row = shown(caller)
        for one in (row, shown(caller)):
            await show(one)
        listed = await listing.page(caller, TaskQuery(text=row["task_id"][4:].upper()))
        assert ids_of(listed) == [row["task_id"]]

    async def test_a_summary_tells_how_the_ledger_is(self, listing: TaskListRows, show: Show) -> None:
        caller = reader()
        await show(shown(caller, ledger={"status": "RECONCILED"}))
        (row,) = await listing.page(caller, TaskQuery())
        assert row["ledger_status"] == "RECONCILED"
        assert set(row) == {*COLUMNS, *LINKED}
