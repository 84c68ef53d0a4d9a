"""Builds the stand-ins that an engine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack import cache
from stack.console import say
from stack.docker import own_engine
from stack.docker.engine import DockerError, Engine
from stack.docker.images import absent
from stack.settings import PROJECT, StackSettings

HERE = Path(__file__).parent
LABEL = "ingest.stand-in"
JAVA = "ingest-standin/java:17"
DEBIAN = "ingest-standin/debian:trixie"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A Debian tree to bootstrap: its suite and what it holds beyond the smallest one."""

    suite: str
    packages: tuple[str, ...]


_WITH_JAVA = Tree(
    suite="bookworm",
    packages=("ca-certificates", "openjdk-17-jre-headless", "wget", "netcat-openbsd"),
)
_WITH_PYTHON = Tree(suite="trixie", packages=("ca-certificates", "python3", "python3-venv"))


def build(engine: Engine, settings: StackSettings, names: Mapping[str, str]) -> list[str]:
    """Make a stand-in for every image in `names` that the engine lacks, and give the names of those made.

    Args:
        engine: where they go.
        settings: where the native artefacts are cached.
        names: the settings of the compose file, with `KAFKA_IMAGE`, `DRUID_IMAGE` and the others.

    Raises:
        DockerError: a step failed.

    """
    jars = {name: cache.folder(settings.cache, name) for name in ("kafka", "druid", "druid-s3", "versitygw")}
    keeper = [
        file
        for part in ("zookeeper", "netty", "slf4j", "log4j", "snappy", "metrics", "commons-io", "jackson")
        for file in jars["druid"].glob(f"{part}*.jar")
    ]
    contents: dict[str, dict[str, Path | Sequence[Path]]] = {
        "kafka": {"jars": jars["kafka"], "log4j2.xml": PROJECT / "stack/templates/kafka/log4j2.xml"},
        "druid": {"jars": jars["druid"], "extensions": jars["druid-s3"]},
        "zookeeper": {"jars": keeper},
        "versitygw": {"versitygw": jars["versitygw"] / "versitygw"},
        "postgres": {},
    }
    variables = {"versitygw": "S3_IMAGE"}
    wanted = {name: names[variables.get(name, f"{name.upper()}_IMAGE")] for name in contents}
    lacking = set(absent(engine, [*wanted.values(), names["PYTHON_IMAGE"]]))
    if not lacking:
        return []
    cache.fetch(settings.cache, list(jars))
    python = names["PYTHON_IMAGE"]
    _timed(JAVA, lambda: _import(engine, _WITH_JAVA, JAVA))
    _timed(python, lambda: _import(engine, _WITH_PYTHON, python, also=DEBIAN))
    for name, image in wanted.items():
        if image in lacking:
            _timed(image, lambda name=name, image=image: _build(engine, name, image, contents[name]))  # type: ignore[misc]  # mypy does not type a default of a lambda
    return sorted(lacking)


def _timed(image: str, make: Callable[[], None]) -> None:
    started = time.monotonic()
    make()
    say(f"stand-in   {image:<32} {time.monotonic() - started:5.1f} s")


def _import(engine: Engine, tree: Tree, image: str, also: str | None = None) -> None:
    """Bootstrap a tree and import it as an image; nothing when the engine has it."""
    if not absent(engine, [image, *([also] if also else [])]):
        return
    with tempfile.TemporaryDirectory(prefix="ingest-tree-", dir="/var/tmp") as scratch:  # /tmp may be small
        root = Path(scratch) / "root"
        packages = ",".join(tree.packages)
        options = ["--variant=minbase", f"--include={packages}"]
        _run(["debootstrap", *options, tree.suite, str(root), own_engine.archive()])
        # Packages are fetched inside builds with the certificates that this machine trusts.
        shutil.copyfile(_CERTIFICATES, root / _CERTIFICATES.relative_to("/"))
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        for waste in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
            shutil.rmtree(root / waste, ignore_errors=True)
        changes = [f"LABEL {LABEL}=true", f"ENV PIP_CERT={_CERTIFICATES} LANG=C.UTF-8"]
        options = [word for change in changes for word in ("--change", change)]
        packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        done = subprocess.run(
            ["docker", "import", *options, "-", image],
            stdin=packed.stdout,
            env={**os.environ, **engine.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if packed.wait() or done.returncode:
            message = f"importing {image} failed: {done.stderr.strip()[-400:]}"
            raise DockerError(message)
    if also:
        engine.read("tag", image, also)


def _build(engine: Engine, name: str, image: str, contents: Mapping[str, Path | Sequence[Path]]) -> None:
    """Build one image from its folder here and its contents, which are linked or copied beside the Dockerfile."""
    with tempfile.TemporaryDirectory(prefix="ingest-image-", dir="/var/tmp") as scratch:  # /tmp may be small
        context = Path(scratch) / "context"
        shutil.copytree(HERE / name, context)
        for target, source in contents.items():
            if not isinstance(source, Path):
                (context / target).mkdir()
                for file in source:
                    shutil.copyfile(file, context / target / file.name)
            elif source.is_dir():
                shutil.copytree(source, context / target)
            else:
                shutil.copy2(source, context / target)
        engine.read("build", "--quiet", "--tag", image, str(context))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{command[0]} failed: {(done.stdout + done.stderr).strip()[-400:]}"
        raise DockerError(message)
