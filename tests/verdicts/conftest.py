from __future__ import annotations

from pathlib import Path

import pytest

from tests.offline import no_sockets
from tests.verdicts.judging import Judge

__all__ = ["judge", "no_sockets"]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)
