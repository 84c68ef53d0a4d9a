"""The command line: `python -m stack up|status|logs|down|reset|fetch|check`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from stack import cache, catalog, launcher, logs, requirements, status, stopper
from stack.artifact import ARTIFACTS
from stack.console import say
from stack.errors import StackError
from stack.settings import StackSettings

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Gives 0, 1 for an error that is told on stderr, 2 for wrong usage, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](StackSettings(), options)
    except ValidationError as error:
        for problem in error.errors():
            say(f"STACK_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}")
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (StackError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description="The real servers, on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    known = f"a name or one of {', '.join(catalog.GROUPS)}"
    up = commands.add_parser("up", help="start what does not run, and wait until it is ready")
    up.add_argument("names", nargs="*", metavar="NAME", help=f"{known} (default: servers)")
    show = commands.add_parser("status", help="what runs, whether it is ready, and its memory")
    show.add_argument("--json", action="store_true", help="as JSON")
    log = commands.add_parser("logs", help="the end of the logs")
    log.add_argument("names", nargs="*", metavar="NAME", help=f"{known} (default: all)")
    log.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    down = commands.add_parser("down", help="stop, and keep the data")
    down.add_argument("names", nargs="*", metavar="NAME", help=f"{known} (default: all)")
    commands.add_parser("reset", help="stop, and forget the data")
    commands.add_parser("fetch", help="only download")
    commands.add_parser("check", help="only look whether the machine has what is needed")
    return parser


def _up(settings: StackSettings, options: argparse.Namespace) -> int:
    launcher.up(settings, options.names or ["servers"])
    return 0


def _status(settings: StackSettings, options: argparse.Namespace) -> int:
    statuses = status.read(settings)
    if options.json:
        print(json.dumps([dataclasses.asdict(one) for one in statuses], indent=2))
    else:
        print(status.table(statuses) if statuses else "nothing was ever started here")
    return 0


def _logs(settings: StackSettings, options: argparse.Namespace) -> int:
    names = catalog.expand(options.names or ["all"])
    files = {name: settings.state / "log" / f"{name}.log" for name in names}
    logs.show({name: file for name, file in files.items() if file.exists() or options.names}, follow=options.follow)
    return 0


def _down(settings: StackSettings, options: argparse.Namespace) -> int:
    stopper.down(settings, options.names)
    return 0


def _reset(settings: StackSettings, _: argparse.Namespace) -> int:
    stopper.reset(settings)
    return 0


def _fetch(settings: StackSettings, _: argparse.Namespace) -> int:
    absent = cache.missing(settings.cache, ARTIFACTS)
    requirements.insist(requirements.examine(java=False, downloads=absent))
    cache.fetch(settings.cache, ARTIFACTS)
    say(f"everything is in {settings.cache}")
    return 0


def _check(settings: StackSettings, _: argparse.Namespace) -> int:
    examined = requirements.examine(java=True, downloads=cache.missing(settings.cache, ARTIFACTS))
    for one in examined:
        if not one.problem:
            say(f"{one.name:<5} {one.found}")
    requirements.insist(examined)
    return 0


_COMMANDS: Mapping[str, Callable[[StackSettings, argparse.Namespace], int]] = {
    "up": _up,
    "status": _status,
    "logs": _logs,
    "down": _down,
    "reset": _reset,
    "fetch": _fetch,
    "check": _check,
}

if __name__ == "__main__":
    sys.exit(main())
