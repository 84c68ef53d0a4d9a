"""The downloads: which versions of which programs, and how each is brought into a folder."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

POMS = Path(__file__).parent / "poms"
KAFKA_VERSION = "4.3.1"
DRUID_VERSION = "33.0.0"
# The newest release of the extension that the registry serves; Druid 33 loads it and reads S3 with it.
DRUID_S3_VERSION = "29.0.0"
POSTGRES_VERSION = "17.4.0"
VERSITYGW_VERSION = "1.8.0"

_ZONKY_PLATFORMS = {"x86_64": "amd64", "aarch64": "arm64v8"}
_LAST_LINES = 5


class FetchError(StackError):
    """A download or a build failed; the message ends with what the tool said."""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One program of one version. `build(target, scratch, environment)` fills the folder `target`, which exists."""

    name: str
    version: str
    tool: str
    build: Callable[[Path, Path, Mapping[str, str]], None]

    @property
    def folder(self) -> str:
        """The folder's name inside the cache, keyed by version."""
        return f"{self.name}-{self.version}"


def _run(what: str, command: list[str], *, env: Mapping[str, str], scratch: Path) -> None:
    done = subprocess.run(
        command,
        env=dict(env),
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = " | ".join(line.strip() for line in done.stdout.splitlines() if line.strip()[:1].isprintable())
        message = f"{what}: {command[0]} failed with code {done.returncode}: {said[-400:]}"
        raise FetchError(message)


def _maven(pom: str, version: str, *options: str) -> Callable[[Path, Path, Mapping[str, str]], None]:
    def build(target: Path, scratch: Path, environment: Mapping[str, str]) -> None:
        command = ["mvn", "-q", "-B", "-f", str(POMS / f"{pom}.xml"), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={target}", f"-Dartifact.version={version}", *options]
        _run(pom, command, env=environment, scratch=scratch)

    return build


def _postgres(target: Path, scratch: Path, environment: Mapping[str, str]) -> None:
    """Unpack the programs from the `.txz` that lies in the jar."""
    machine = platform.machine()
    jars = scratch / "jar"
    options = ("-DexcludeTransitive=true", f"-Dartifact.platform={_ZONKY_PLATFORMS.get(machine, machine)}")
    _maven("postgres", POSTGRES_VERSION, *options)(jars, scratch, environment)
    (jar,) = jars.glob("*.jar")
    with zipfile.ZipFile(jar) as archive:
        (inner,) = [name for name in archive.namelist() if name.endswith(".txz")]
        packed = Path(archive.extract(inner, scratch))
    with tarfile.open(packed, "r:xz") as tar:
        tar.extractall(target, filter="data")


def _druid_s3(target: Path, scratch: Path, environment: Mapping[str, str]) -> None:
    """Put the jar where Druid expects it: in a folder with the extension's name."""
    build = _maven("druid-s3-extensions", DRUID_S3_VERSION, "-DexcludeTransitive=true")
    build(target / "druid-s3-extensions", scratch, environment)


def _versitygw(target: Path, scratch: Path, environment: Mapping[str, str]) -> None:
    """Build the program; Go's caches (824 MB) lie in `scratch` and go with it."""
    flags = f"{environment.get('GOFLAGS', '')} -modcacherw -buildvcs=false".strip()
    env = {
        **environment,
        "GOPATH": str(scratch / "go"),
        "GOCACHE": str(scratch / "go-cache"),
        "GOMODCACHE": str(scratch / "go-modules"),
        "GOTMPDIR": str(scratch),
        "GOBIN": str(target),
        "GOFLAGS": flags,
        "CGO_ENABLED": "0",
    }
    package = f"github.com/versity/versitygw/cmd/versitygw@v{VERSITYGW_VERSION}"
    _run("versitygw", ["go", "install", "-ldflags=-s -w", package], env=env, scratch=scratch)


ARTIFACTS: Mapping[str, Artifact] = {
    artifact.name: artifact
    for artifact in (
        Artifact(name="kafka", version=KAFKA_VERSION, tool="mvn", build=_maven("kafka", KAFKA_VERSION)),
        Artifact(name="postgres", version=POSTGRES_VERSION, tool="mvn", build=_postgres),
        Artifact(name="druid", version=DRUID_VERSION, tool="mvn", build=_maven("druid", DRUID_VERSION)),
        Artifact(name="druid-s3", version=DRUID_S3_VERSION, tool="mvn", build=_druid_s3),
        Artifact(name="versitygw", version=VERSITYGW_VERSION, tool="go", build=_versitygw),
    )
}


def size_bytes(folder: Path) -> int:
    """Sum the sizes of all files below `folder`; links count as nothing."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def readable_by_all(folder: Path) -> None:
    """Let every user read `folder`, whatever the umask was: PostgreSQL runs as another one."""
    for file in (folder, *folder.rglob("*")):
        if not file.is_symlink():
            mode = file.stat().st_mode
            file.chmod(mode | (0o555 if file.is_dir() or mode & 0o100 else 0o444))


def build_environment(mark: Mapping[str, str]) -> dict[str, str]:
    """Give Maven and Go the user's own environment (proxies, mirrors, certificates) and our mark."""
    return {**os.environ, **mark}


def find_tool(name: str) -> str | None:
    """Find a program on PATH."""
    return shutil.which(name)
