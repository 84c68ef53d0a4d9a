from __future__ import annotations

import pytest

from tests.unit.gateway.doubles import InMemoryKeyRows
from tests.unit.gateway.keys_suite import KeyRowsSuite


@pytest.fixture
def keys() -> InMemoryKeyRows:
    return InMemoryKeyRows()


class TestInMemoryKeyRows(KeyRowsSuite):
    """The double passes the suite of the real table."""
