"""Whether the servers' images can be had: they are here, or a registry gives them."""

from __future__ import annotations

from collections.abc import Iterable

from stack.console import say
from stack.docker.engine import Engine


def absent(engine: Engine, images: Iterable[str]) -> list[str]:
    """Name those of the images that the engine does not have."""
    return [image for image in images if engine.attempt("image", "inspect", image).returncode]


def pull(engine: Engine, images: Iterable[str]) -> str | None:
    """Pull the images one by one, up to the first that cannot be had: the reason then, None when all are here."""
    for image in images:
        say(f"docker     pulling {image}")
        done = engine.attempt("pull", "--quiet", image)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            return f"{image} cannot be pulled: {words[-1][:200] if words else 'no reason given'}"
    return None
