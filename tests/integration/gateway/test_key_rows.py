from __future__ import annotations

import pytest

from services.gateway.key_rows import PostgresKeyRows
from shared.db.engine import Database
from tests.unit.gateway.keys_suite import KeyRowsSuite


@pytest.fixture
def keys(database: Database) -> PostgresKeyRows:
    return PostgresKeyRows(database)


class TestPostgresKeyRows(KeyRowsSuite):
    """The real table passes the suite of the double."""
