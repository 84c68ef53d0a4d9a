from __future__ import annotations

import re

import pytest

from services.gateway.api_keys import ApiKey
from services.gateway.callers import ANYBODY, Caller, Scope, regular_expression
from services.gateway.keys import problem_with_tenant


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("*", "anything at all", True),
        ("*", "two\nlines", True),
        ("sales", "sales", True),
        ("sales", "sales2", False),
        ("sales", "Sales", False),
        ("sales_*", "sales_", True),
        ("sales_*", "my_sales_1", False),
        ("*_eu_*", "sales_eu_2024", True),
        ("a.c", "abc", False),
        ("a[b]c", "abc", False),
        ("a[b]c", "a[b]c", True),
        ("a?c", "abc", False),
        ("sales", "sales\n", False),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_only_a_star_has_a_meaning(glob: str, name: str, *, fits: bool) -> None:
    caller = Caller("t", "key", frozenset(), (glob,))
    assert caller.touches(name) is fits
    assert bool(re.search(regular_expression(glob), name, re.DOTALL)) is (fits or name == "sales\n")


def test_an_administrator_may_all_and_others_what_their_key_says() -> None:
    assert all(ANYBODY.may(scope) for scope in Scope)
    reader = Caller("t", "key", frozenset({Scope.READ}))
    assert [reader.may(scope) for scope in Scope] == [True, False, False]
    dropper = Caller("t", "key", frozenset({Scope.WRITE}))
    assert [dropper.may(scope) for scope in Scope] == [False, True, False]


@pytest.mark.parametrize(
    ("tenant", "datasource", "seen"),
    [("t", "sales_1", True), ("t", "hr", False), ("u", "sales_1", False), ("t", None, False)],
)
def test_a_task_of_others_is_not_there(tenant: str, datasource: str | None, *, seen: bool) -> None:
    caller = Caller("t", "key", frozenset({Scope.READ}), ("sales_*",))
    assert caller.sees({"tenant": tenant, "datasource_name": datasource}) is seen


def test_a_key_is_read_as_it_was_written_and_nothing_else_is_one() -> None:
    key = ApiKey.draw()
    assert ApiKey.parse(key.text) == key
    assert key.is_of(key.hash)
    assert not key.is_of(ApiKey.draw().hash)
    assert key.secret not in repr(key)
    for other in ("", "ik_", key.text + "0", key.text.upper(), key.text.replace("_", "-"), key.secret):
        assert ApiKey.parse(other) is None


@pytest.mark.parametrize("tenant", ["acme", "a", "a-b_1", "9x"])
def test_these_are_names_of_tenants(tenant: str) -> None:
    assert problem_with_tenant(tenant) is None


@pytest.mark.parametrize("tenant", ["", "Acme", "a/b", "..", "-a", "uploads", "specs", "a" * 65, "a\n", "ä"])
def test_these_are_none(tenant: str) -> None:
    assert problem_with_tenant(tenant) is not None
