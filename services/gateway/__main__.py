"""`python -m services.gateway`: serve until SIGTERM, then let requests end."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings
from shared.service import Address, PortTakenError, listening
from shared.settings import SettingsInvalidError, find_profile
from shared.telemetry import configure, logger


def main() -> None:
    """Run the gateway."""
    try:
        settings = GatewaySettings.read(find_profile(Path.cwd()))
    except SettingsInvalidError as error:
        sys.exit(f"gateway: {error}")
    configure(service="gateway", settings=settings.log)
    http = settings.http
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=round(http.gateway_drain_timeout.total_seconds()),
    )
    try:
        with listening(Address(http.gateway_host, http.gateway_port)) as listener:
            logger(__name__).info("started", address=f"{http.gateway_host}:{http.gateway_port}")
            uvicorn.Server(config).run(sockets=[listener])
    except PortTakenError as error:
        sys.exit(f"gateway: {error}")


if __name__ == "__main__":
    main()
