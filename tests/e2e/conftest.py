from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation, installed
from tests.integration.native import servers


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with servers() as profile, installed(profile, tmp_path_factory.mktemp("e2e")) as running:
        yield running


@pytest.fixture(scope="session")
def flights_csv() -> Path:
    from demo import data  # noqa: PLC0415  # downloads on first use, which unit runs must not need

    return data.fetch()[0]
