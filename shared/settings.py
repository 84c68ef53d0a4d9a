"""Settings come from the environment, are read once at start, and never change afterwards.

Each adapter has a small frozen group of its own beside its code (`KafkaSettings`, `DatabaseSettings`, `S3Settings`,
`DruidSettings`); a service's settings are the groups that it needs plus its own fields. The names are plain environment
variables; a profile file (`KEY=VALUE` lines, written by `make up`) fills in what the environment does not say.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import PermanentError

PROFILE_VARIABLE = "INGEST_PROFILE"
DEFAULT_PROFILE = Path(".stack/profile.env")

S = TypeVar("S", bound="SettingsGroup")


class SettingsInvalidError(PermanentError):
    """A setting is missing or has a value that cannot be used; the message names the variable, never its value."""


class SettingsGroup(BaseSettings):
    """Base of every group: frozen, read from the environment, unknown variables ignored."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)


def find_profile(start: Path) -> Path | None:
    """The profile named by INGEST_PROFILE, else the nearest `.stack/profile.env` at or above `start`, else None."""
    named = os.environ.get(PROFILE_VARIABLE)
    if named:
        return Path(named)
    for folder in (start, *start.parents):
        candidate = folder / DEFAULT_PROFILE
        if candidate.is_file():
            return candidate
    return None


def load(group: type[S], *, profile: Path | None = None) -> S:
    """Read a settings group from the environment, then from the profile.

    Raises:
        SettingsInvalidError: naming every variable that is missing or unusable, in one line.
    """
    try:
        return group(_env_file=profile)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        msg = f"settings: {found}"
        raise SettingsInvalidError(msg) from None
