"""What files are called that somebody downloads."""

from __future__ import annotations

import re
from urllib.parse import quote

from services.gateway.names import clean_filename

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]")


def attachment(filename: str) -> str:
    """A Content-Disposition with the name as it is, and a plain one for who cannot read that (RFC 6266, RFC 8187)."""
    name = clean_filename(filename) or "file"
    plain = _NOT_PLAIN.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{exact}'


def base_of(filename: str | None) -> str | None:
    """A file's name without what says its format: `sales` of `sales.csv.gz`."""
    if not filename:
        return None
    base = re.sub(r"(\.[A-Za-z0-9]{1,8}){1,2}$", "", filename)
    return base or None
