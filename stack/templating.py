"""Configuration files of the servers: templates beside the code, filled with `${name}`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill the template file; a name without a value is an error, so that no `${…}` reaches a server."""
    return Template((TEMPLATES / template).read_text()).substitute(values)


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Write each text below `folder`, readable by its owner alone: some hold keys."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)


def joined(files: Mapping[str, str]) -> str:
    """Put all texts into one, for a fingerprint."""
    return os.linesep.join(f"{name}\n{text}" for name, text in sorted(files.items()))
