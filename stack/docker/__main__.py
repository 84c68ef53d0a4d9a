"""The command line: `python -m stack.docker choose|running|up|status|logs|down|reset`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stack import profile, status
from stack.console import say
from stack.docker import images, own_engine
from stack.docker.choose import Kind, Machine, choose, parse_wish
from stack.docker.compose import SERVERS, Compose, make_settings, profile_of
from stack.docker.engine import Engine, ask
from stack.errors import StackError
from stack.profile import SERVICES
from stack.settings import PROJECT, StackSettings

_INTERRUPTED = 130
ENV_FILE = PROJECT / ".env"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Gives 0, 1 for an error that is told on stderr, 2 for wrong usage, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m stack.docker", description="The product in containers.")
    commands = parser.add_subparsers(dest="command", required=True)
    wish = commands.add_parser("choose", help="print docker or native, and on stderr why")
    wish.add_argument("wish", nargs="?", default="auto", help="auto, docker or native (default: auto)")
    up = commands.add_parser("up", help="build, start what does not run, and wait until it is healthy")
    up.add_argument("names", nargs="*", metavar="NAME", help="services of the compose file, or `servers`")
    logs = commands.add_parser("logs", help="the end of the logs")
    logs.add_argument("names", nargs="*", metavar="NAME", help="services of the compose file (default: all)")
    commands.add_parser("status", help="what runs, and whether it is healthy")
    down = commands.add_parser("down", help="stop, and keep the data")
    down.add_argument("names", nargs="*", choices=["services", []], help="only the five services (default: all)")
    commands.add_parser("running", help="print what runs here: docker, native or nothing")
    commands.add_parser("reset", help="stop, and forget the data")
    options = parser.parse_args(arguments)
    try:
        return _COMMANDS[options.command](StackSettings(), options)
    except (StackError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def find_engine(settings: StackSettings) -> Engine | None:
    """Give the machine's engine, or the one that was started for this stack."""
    return ask() or ask(own_engine.environment(settings.state))


def kind_file(settings: StackSettings) -> Path:
    """Give the file that says `docker` from `up` until `down`."""
    return settings.state / "kind"


def running(settings: StackSettings) -> Kind | None:
    """Tell which of the two runs here, None when neither does."""
    if kind_file(settings).exists():
        return "docker"
    return "native" if any(one.pid for one in status.read(settings)) else None


def _choose(settings: StackSettings, options: argparse.Namespace) -> int:
    wish = parse_wish(options.wish)
    runs = running(settings)
    engine = None if runs or wish == "native" else find_engine(settings)
    problem = None
    if engine:
        compose = _compose(engine)
        problem = images.pull(engine, images.absent(engine, compose.foreign_images()))
    version = engine.version if engine else None
    choice = choose(wish, Machine(running=runs, engine_version=version, images_problem=problem))
    say(f"stack      {choice.kind}: {choice.why}")
    print(choice.kind)
    return 0


def _compose(engine: Engine) -> Compose:
    make_settings(ENV_FILE)
    return Compose(engine=engine, settings_file=ENV_FILE)


def _open(settings: StackSettings) -> Compose:
    engine = find_engine(settings)
    if engine is None:
        message = "no Docker engine answers: start it (`docker version` shows whether it does)"
        raise StackError(message)
    return _compose(engine)


def _up(settings: StackSettings, options: argparse.Namespace) -> int:
    compose = _open(settings)
    settings.state.mkdir(parents=True, exist_ok=True)
    kind_file(settings).write_text("docker\n")
    values = make_settings(ENV_FILE)
    profile.write_private(settings.state / "profile.env", profile.to_text(profile_of(values)))
    servers_only = options.names == ["servers"]
    if not servers_only:
        say("docker     building the images of the services")
        compose.build()
    say("docker     starting what does not run, until all is healthy")
    compose.up(*(SERVERS if servers_only else options.names))
    return _status(settings, options)


def _logs(settings: StackSettings, options: argparse.Namespace) -> int:
    _open(settings).run("logs", "--tail", "40", *options.names)
    return 0


def _status(settings: StackSettings, _: argparse.Namespace) -> int:
    _open(settings).run("ps", "--format", "table {{.Service}}\t{{.Status}}\t{{.Image}}")
    return 0


def _running(settings: StackSettings, _: argparse.Namespace) -> int:
    print(running(settings) or "")
    return 0


def _down(settings: StackSettings, options: argparse.Namespace) -> int:
    """End the containers, unless none was started from this checkout."""
    if running(settings) != "docker":
        return 0
    if options.names:
        _open(settings).run("stop", *SERVICES)
        return 0
    if find_engine(settings) is None:
        say("docker     no engine answers, so no container runs")
    else:
        _open(settings).down()
    kind_file(settings).unlink()
    return 0


def _reset(settings: StackSettings, _: argparse.Namespace) -> int:
    """End the containers and remove their volumes, if an engine is there to have any."""
    if ENV_FILE.exists() and find_engine(settings):
        _open(settings).down(forget=True)
        ENV_FILE.unlink()
    kind_file(settings).unlink(missing_ok=True)
    return 0


_COMMANDS: Mapping[str, Callable[[StackSettings, argparse.Namespace], int]] = {
    "choose": _choose,
    "running": _running,
    "up": _up,
    "logs": _logs,
    "status": _status,
    "down": _down,
    "reset": _reset,
}

if __name__ == "__main__":
    sys.exit(main())
