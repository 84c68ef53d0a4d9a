"""The double passes the suite of the real table."""

from __future__ import annotations

import pytest

from tests.unit.gateway.commands_suite import CommandRowsSuite
from tests.unit.gateway.doubles import InMemoryCommandRows


@pytest.fixture
def commands() -> InMemoryCommandRows:
    return InMemoryCommandRows()


class TestInMemoryCommandRows(CommandRowsSuite):
    """What the gateway's unit tests stand on."""
