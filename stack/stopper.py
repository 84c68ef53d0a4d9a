"""`down` and `reset`: end everything in order, leave no process, and forget only when asked to."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence

from stack import catalog, launcher, process, roster
from stack.console import say
from stack.locks import exclusive
from stack.server import Context
from stack.servers import postgres
from stack.settings import StackSettings

# The only names that `reset` removes: a state directory set to a wrong place loses nothing else.
_STATE = ("kafka", "druid", "versitygw", "postgres", "log", "secrets.json", "profile.env")


def down(settings: StackSettings, names: Sequence[str]) -> None:
    """Stop `names`, or everything; data stays. Services end first, then Druid, then what they stand on."""
    if not settings.state.is_dir():
        say("nothing runs")
        return
    wanted = catalog.expand(names or ["all"])
    with exclusive(launcher.lock_file(settings), what="starts or stops this stack"):
        context = catalog.make_context(settings)
        _stop(context, wanted, everything=not names)


def _stop(context: Context, wanted: Sequence[str], *, everything: bool) -> None:
    servers = catalog.define(context)
    stopped = roster.stop_in_order(context, servers, wanted)
    if everything:
        leftovers = [one for processes in roster.find(context, servers).values() for one in processes]
        process.stop(leftovers, with_signal=signal.SIGKILL, grace_s=0)
    if not stopped:
        say("nothing runs")


def reset(settings: StackSettings) -> None:
    """Stop everything and remove the stack's data, secrets and logs. The download cache stays."""
    if not settings.state.is_dir():
        say("nothing to forget")
        return
    with exclusive(launcher.lock_file(settings), what="starts or stops this stack"):
        context = catalog.make_context(settings)
        _stop(context, catalog.GROUPS["all"], everything=True)
        postgres.forget(context)
        for name in _STATE:
            path = context.state / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    say(f"forgot the data in {settings.state}")
