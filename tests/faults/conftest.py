"""Services of a test's own beside those of the project's stack, on its servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dotenv import dotenv_values

from tests.e2e.installation import Installation, installed
from tests.faults.project_stack import ROOT, servers_up


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    servers_up()
    profile = {name: value for name, value in dotenv_values(ROOT / ".stack" / "profile.env").items() if value}
    with installed(profile, tmp_path_factory.mktemp("faults")) as running:
        yield running
