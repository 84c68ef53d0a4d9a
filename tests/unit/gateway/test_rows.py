from __future__ import annotations

import pytest

from tests.unit.gateway.contracts_suite import DatasourceRowsSuite
from tests.unit.gateway.doubles import InMemoryDatasourceRows, InMemoryUploadRows
from tests.unit.gateway.rows_suite import UploadRowsSuite


@pytest.fixture
def rows() -> InMemoryUploadRows:
    return InMemoryUploadRows()


class TestInMemoryUploadRows(UploadRowsSuite):
    """The double passes the suite of the real table."""


@pytest.fixture
def contracts() -> InMemoryDatasourceRows:
    return InMemoryDatasourceRows()


class TestInMemoryDatasourceRows(DatasourceRowsSuite):
    """Likewise."""
