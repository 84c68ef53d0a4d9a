"""Tests that need no server: a socket that is opened is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    """The event loop wakes itself through a pair of Unix sockets, so those are left."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
