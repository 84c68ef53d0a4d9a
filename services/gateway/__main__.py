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
        """See `shared.service.Servable`; the application drains its relay and sweeper itself."""
        http = self.settings.http
        address = Address(http.gateway_host, http.gateway_port)
        server = http_server(create_app(self.settings), lifespan="on", patience=http.gateway_drain_timeout)
        with listening(address) as listener, on_signal(server.ask_to_exit):
            logger(__name__).info("started", address=f"{address.host}:{address.port}")
            await server.serve(sockets=[listener])
        logger(__name__).info("stopped")


if __name__ == "__main__":
    sys.exit(run_service("gateway", GatewaySettings, Gateway))
