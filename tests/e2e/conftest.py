from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.e2e.installation import ROOT, Installation, installed


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    profile = {name: value for name, value in dotenv_values(ROOT / ".stack" / "profile.env").items() if value}
    with installed(profile, tmp_path_factory.mktemp("e2e")) as running:
        yield running


@pytest.fixture(scope="session")
def flights_csv() -> Path:
    from demo import data  # noqa: PLC0415  # downloads on first use, which unit runs must not need

    return data.fetch()[0]
