"""Who calls, and what of the installation is theirs. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from shared.events import DEFAULT_TENANT

EVERY_DATASOURCE = ("*",)


class Scope(StrEnum):
    """What a caller may do; `admin` may do all of it, and handle the keys of its tenant."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Somebody whose credential was checked.

    Args:
        tenant: whose tasks, objects, datasources and keys there are for this caller; those of others are not.
        name: what the credential is called, for logs.
        scopes: what it may do.
        datasources: patterns of the datasources that it may touch; `*` stands for any characters.
        subject: the person that a token names; None for a key.
    """

    tenant: str
    name: str
    scopes: frozenset[Scope]
    datasources: tuple[str, ...] = EVERY_DATASOURCE
    subject: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the credential was made for this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def touches(self, datasource_name: str) -> bool:
        """Whether one of its patterns fits the datasource."""
        return any(_pattern(glob).fullmatch(datasource_name) for glob in self.datasources)

    def sees(self, task: Mapping[str, Any]) -> bool:
        """Whether a row of `ingestion_tasks` is there for this caller."""
        return task["tenant"] == self.tenant and self.touches(task["datasource_name"] or "")


ANYBODY = Caller(DEFAULT_TENANT, "anybody", frozenset({Scope.ADMIN}))
"""The caller of an installation that asks nobody (AUTH=none)."""


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(regular_expression(glob), re.DOTALL)


def regular_expression(glob: str) -> str:
    """The regular expression of a datasource pattern, which PostgreSQL reads alike: `*` is all that has a meaning."""
    return "^" + ".*".join(re.escape(part) for part in glob.split("*")) + "$"
