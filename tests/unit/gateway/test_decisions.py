from __future__ import annotations

import pytest

from tests.unit.gateway.decisions_suite import DecisionRowsSuite
from tests.unit.gateway.doubles import InMemoryDecisionRows, InMemoryUploadRows


@pytest.fixture
def decisions() -> InMemoryDecisionRows:
    return InMemoryDecisionRows()


@pytest.fixture
def rows(decisions: InMemoryDecisionRows) -> InMemoryUploadRows:
    return InMemoryUploadRows(decisions)


class TestInMemoryDecisionRows(DecisionRowsSuite):
    """The double passes the suite that PostgreSQL passes."""
