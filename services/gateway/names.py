"""The names of files, which come from outside."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

FALLBACK_EXTENSION = "bin"
MAX_FILENAME_CHARACTERS = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EXTENSION = re.compile(r"^[a-z0-9]{1,16}$")
_COMPRESSIONS = frozenset({"gz", "gzip", "bz2", "xz", "zst", "lz4", "br", "snappy", "z"})


def clean_filename(filename: str | None) -> str | None:
    """The file's own name, without folders and control characters, at most 255 characters with its end kept."""
    if filename is None:
        return None
    name = _CONTROL.sub("", re.split(r"[/\\]", filename)[-1]).strip()
    return name[-MAX_FILENAME_CHARACTERS:] or None


def extension_of(filename: str | None) -> str:
    """What an object is called behind the dot: `csv`, `csv.gz`, and `bin` when the name does not say."""
    suffixes = [suffix[1:].lower() for suffix in PurePosixPath(filename or "").suffixes]
    if not suffixes or not _EXTENSION.match(suffixes[-1]):
        return FALLBACK_EXTENSION
    if suffixes[-1] in _COMPRESSIONS and suffixes[-2:-1] and _EXTENSION.match(suffixes[-2]):
        return f"{suffixes[-2]}.{suffixes[-1]}"
    return suffixes[-1]
