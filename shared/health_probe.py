"""`python -m shared.health_probe`: what a container's health check runs. Exit code 0 when `/readyz` says ready.

Asks 127.0.0.1 at HEALTH_PORT (8000 in our images) and gives up after 7 s. Only the standard library is imported: the
check runs every few seconds beside the service.
"""

from __future__ import annotations

import http.client
import os
import sys

DEFAULT_PORT = 8000
ANSWER_SECONDS = 7.0


def probe(port: int) -> int:
    """Exit code 0 if the service on this machine is ready, else 1 with one line on stderr."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"127.0.0.1:{port} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    if answer.status != http.client.OK:
        sys.stderr.write(f"127.0.0.1:{port} is not ready: {said}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(probe(int(os.environ.get("HEALTH_PORT", DEFAULT_PORT))))
