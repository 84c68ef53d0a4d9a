"""No unit test talks to anything."""

from tests.offline import no_sockets

__all__ = ["no_sockets"]
