from __future__ import annotations

import pytest

from tests.unit.gateway.doubles import InMemoryUploadRows
from tests.unit.gateway.rows_suite import UploadRowsSuite


@pytest.fixture
def rows() -> InMemoryUploadRows:
    return InMemoryUploadRows()


class TestInMemoryUploadRows(UploadRowsSuite):
    """The double passes the suite of the real table."""
