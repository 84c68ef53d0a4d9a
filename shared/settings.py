"""Settings come from the environment, are read once at start, and never change afterwards.

Each adapter has a small frozen group of its own beside its code (`KafkaSettings`, `DatabaseSettings`, `S3Settings`,
`DruidSettings`); a service's settings are the groups that it needs plus its own fields. The names are plain environment
variables; a profile file (`KEY=VALUE` lines, written by `make up`) fills in what the environment does not say.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Self, TypeVar, get_type_hints

from pydantic import ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.errors import PermanentError

PROFILE_VARIABLE = "INGEST_PROFILE"
DEFAULT_PROFILE = Path(".stack/profile.env")

S = TypeVar("S", bound="SettingsGroup")


class SettingsInvalidError(PermanentError):
    """A setting is missing or has a value that cannot be used; the message names the variable, never its value."""


class SettingsGroup(BaseSettings):
    """Base of every group: frozen, read from the environment, unknown variables ignored."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _seconds(cls, value: object, field: ValidationInfo) -> object:
        """A duration may be written as seconds, `1.5`, beside the ISO form `PT1.5S` that pydantic reads."""
        if isinstance(value, str) and cls.model_fields[str(field.field_name)].annotation is timedelta:
            with contextlib.suppress(ValueError):
                return float(value)
        return value


class ServiceSettings:
    """Base of a service's settings: a frozen dataclass whose every field is a `SettingsGroup`."""

    @classmethod
    def read(cls, profile: Path | None) -> Self:
        """Read every group from the environment, then from the profile.

        Raises:
            SettingsInvalidError: naming the variables that are missing or unusable.
        """
        return cls(**{name: load(group, profile=profile) for name, group in get_type_hints(cls).items()})


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
        found = "; ".join(f"{_variable(group, e['loc'])}: {e['msg']}" for e in error.errors())
        msg = " ".join(f"settings: {found}".split())
        raise SettingsInvalidError(msg) from None
    except SettingsError as error:  # a list or mapping that is no JSON; pydantic's message has the field's name only
        msg = f"settings: {error}"
        raise SettingsInvalidError(msg) from None


def _variable(group: type[SettingsGroup], location: tuple[int | str, ...]) -> str:
    """The environment variable of a field: pydantic names an alias as it is, and a field without the prefix."""
    name = ".".join(map(str, location))
    prefix = group.model_config.get("env_prefix", "") if name.split(".")[0] in group.model_fields else ""
    return (prefix + name).upper() or group.__name__
