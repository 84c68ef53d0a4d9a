"""An engine of this stack's own, for a Debian machine that has none and where we are root.

It is installed from the machine's own package archive, keeps its images below the state directory, listens on a socket
that no other program looks for, and is ended by the process id that it wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from stack.console import say
from stack.docker.engine import DockerError, Engine, ask

# Compose v2, which older releases of Debian do not have, is taken out of this one's package: it is one static program.
COMPOSE_SUITE = "trixie"
_PACKAGES = ("docker.io", "iptables", "debootstrap")
_START_LIMIT_S = 60
_STOP_LIMIT_S = 60


def folder(state: Path) -> Path:
    """Give the folder of images, log and settings."""
    return state / "docker"


def _sockets(state: Path) -> Path:
    """Give the folder of sockets and process ids: short, because a socket's path has 107 characters at most."""
    return Path("/run") / f"ingest-engine-{hashlib.sha256(os.fsencode(state)).hexdigest()[:8]}"


def environment(state: Path) -> dict[str, str]:
    """Give the variables that lead the docker command line to this engine."""
    return {
        "DOCKER_HOST": f"unix://{_sockets(state) / 'docker.sock'}",
        "DOCKER_CONFIG": str(folder(state) / "config"),
    }


def start(state: Path) -> Engine:
    """Install what is missing, start the engine unless it runs, and give it.

    Raises:
        DockerError: not root, no apt, or the engine does not answer within a minute.

    """
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        message = "an engine of our own needs root on Debian: install Docker with Compose v2 in your system's way"
        raise DockerError(message)
    folder(state).mkdir(parents=True, exist_ok=True)
    _install()
    _install_compose(state)
    if engine := ask(environment(state)):
        return engine
    sockets = _sockets(state)
    sockets.mkdir(mode=0o700, exist_ok=True)
    with (folder(state) / "engine.log").open("ab") as log:
        options = {
            "--data-root": folder(state) / "data",
            "--exec-root": sockets / "exec",
            "--pidfile": sockets / "pid",
            "--host": environment(state)["DOCKER_HOST"],
            "--mtu": "1400",  # what every network below ours carries whole
        }
        arguments = [f"{name}={value}" for name, value in options.items()]
        process = subprocess.Popen(["dockerd", *arguments], stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + _START_LIMIT_S
    while (engine := ask(environment(state))) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"dockerd does not answer; see {folder(state) / 'engine.log'}"
            raise DockerError(message)
        time.sleep(0.2)
    say(f"docker     engine {engine.version} started, pid {process.pid}")
    return engine


def stop(state: Path) -> None:
    """End the engine, and with it every container that it runs; its images and volumes stay."""
    file = _sockets(state) / "pid"
    try:
        pid = int(file.read_text())
    except (OSError, ValueError):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_LIMIT_S
    while file.exists() and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.2)
    shutil.rmtree(_sockets(state), ignore_errors=True)
    say("docker     engine stopped")


def archive() -> str:
    """Give the address of the Debian archive that this machine installs from.

    Raises:
        DockerError: it has none.

    """
    shown = ["$(ORIGIN)", "$(LABEL)", "$(COMPONENT)", "$(REPO_URI)"]
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "|".join(shown), "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        origin, label, component, address = line.split("|", maxsplit=3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address.rstrip("/")
    message = "apt knows no Debian archive on this machine: run `apt-get update`, or install Docker with Compose v2"
    raise DockerError(message)


def _install() -> None:
    wanted = [
        package
        for package, program in zip(_PACKAGES, ("dockerd", "iptables", "debootstrap"), strict=True)
        if not shutil.which(program)
    ]
    if not wanted:
        return
    say(f"docker     installing {', '.join(wanted)}")
    _apt("update", "-qq")
    _apt("install", "-y", "-qq", "--no-install-recommends", *wanted)


def _install_compose(state: Path) -> None:
    """Put the Compose plugin where our command line looks for it."""
    plugin = folder(state) / "config" / "cli-plugins" / "docker-compose"
    if plugin.exists():
        return
    say("docker     fetching Compose v2")
    scratch = folder(state) / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    (scratch / "sources.list").write_text(f"deb {archive()} {COMPOSE_SUITE} main\n")
    places = {
        "Dir::Etc::sourcelist": scratch / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": scratch / "lists",
        "Dir::Cache": scratch / "cache",
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in places.items() for word in ("-o", f"{name}={value}")]
    _apt(*options, "update", "-qq")
    _apt(*options, "download", "-qq", "docker-compose", folder=scratch)
    (package,) = scratch.glob("docker-compose_*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(scratch / "unpacked")], check=True)
    (program,) = (scratch / "unpacked").glob("usr/lib*/docker/cli-plugins/docker-compose")
    plugin.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, plugin)
    shutil.rmtree(scratch)


def _apt(*arguments: str, folder: Path | None = None) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        cwd=folder,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"`apt-get {arguments[-1]}` failed: {done.stderr.strip()[-400:]}"
        raise DockerError(message)
