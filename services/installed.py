"""Which installation the command line talks to: its profile, its settings, its gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

# Loaded when they are needed: `validate` on a small file is mostly the time of these imports.
if TYPE_CHECKING:
    from services.gateway_client import GatewayClient
    from shared.settings import SettingsGroup

S = TypeVar("S", bound="SettingsGroup")


def connect() -> GatewayClient:
    """A connection to the installation's gateway; nothing is sent yet."""
    from services.gateway_client import GatewayClient, GatewayClientSettings

    settings = settings_of(GatewayClientSettings)
    return GatewayClient(settings.api_url, settings.api_key.get_secret_value() if settings.api_key else None)


def settings_of(group: type[S]) -> S:
    """A group of settings by the environment and the profile.

    Raises:
        SettingsInvalidError: naming the variable.
    """
    from shared.settings import load

    return load(group, profile=profile())


def profile() -> Path | None:
    """The profile of the installation in this folder or above it, if there is one."""
    from shared.settings import find_profile

    return find_profile(Path.cwd())
