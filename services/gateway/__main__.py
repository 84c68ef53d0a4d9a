"""`python -m services.gateway`: serve until SIGTERM, then let requests end."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings
from shared.service import Address, http_server, listening, on_signal, run_service
from shared.telemetry import logger


@dataclass(frozen=True)
class Gateway:
    """The gateway's application on its address."""

    settings: GatewaySettings

    async def serve(self) -> None:
        """See `shared.service.Servable`; the application drains its relay and sweeper itself.

        Streams have no end of their own: they are told to end, and their clients come back to another gateway.
        """
        http = self.settings.http
        address = Address(http.gateway_host, http.gateway_port)
        app = create_app(self.settings)
        server = http_server(app, lifespan="on", patience=http.gateway_drain_timeout)

        def leave() -> None:
            app.state.leave()
            server.ask_to_exit()

        with listening(address) as listener, on_signal(leave):
            logger(__name__).info("started", address=f"{address.host}:{address.port}")
            await server.serve(sockets=[listener])
        logger(__name__).info("stopped")


if __name__ == "__main__":
    sys.exit(run_service("gateway", GatewaySettings, Gateway))
