"""The product's own services, run from this checkout with the profile as their environment."""

from __future__ import annotations

import sys

from stack.http_probe import expect_ok
from stack.process import Command
from stack.server import Context, Server
from stack.settings import PROJECT

# What each needs before it can be ready; the router stands for all of Druid.
_NEEDS = {
    "gateway": ("kafka", "postgres", "versitygw"),
    "validator": ("kafka", "postgres", "versitygw"),
    "submitter": ("kafka", "postgres", "router"),
    "monitor": ("kafka", "postgres", "router"),
    "projector": ("kafka", "postgres"),
}


def services(context: Context) -> list[Server]:
    """Define the five services."""
    return [_service(name, context) for name in _NEEDS]


def _service(name: str, context: Context) -> Server:
    port = context.settings.port(name)

    async def probe() -> None:
        await expect_ok(port, "/readyz")

    return Server(
        name=name,
        command=Command(
            argv=(sys.executable, "-m", f"services.{name}"), cwd=PROJECT, env=dict(context.profile), inherit=True
        ),
        ports=(name,),
        probe=probe,
        after=_NEEDS[name],
    )
