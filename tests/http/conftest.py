"""The gateway is called in its process: no test here talks to anything."""

from tests.offline import no_sockets

__all__ = ["no_sockets"]
