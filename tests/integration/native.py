"""The servers of the local stack, as its profile tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dotenv import dotenv_values

from shared.settings import find_profile


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yield the profile's variables; nothing is started, nothing is stopped."""
    file = find_profile(Path(__file__).parent)
    if file is None or not file.is_file():
        pytest.fail("the servers have no profile: run `make up`, or name one with INGEST_PROFILE", pytrace=False)
    yield {name: value for name, value in dotenv_values(file).items() if value is not None}
