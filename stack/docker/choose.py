"""Containers or child processes: `make up` chooses by itself, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from stack.errors import StackError

Kind = Literal["docker", "native"]
Wish = Literal["auto", "docker", "native"]


class ChoiceError(StackError):
    """What was wished for cannot be had."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What was found. `images_problem` says why the images cannot be had; it is None too where nobody has looked."""

    running: Kind | None
    engine_version: str | None
    images_problem: str | None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What will run, and the line that tells why."""

    kind: Kind
    why: str


def parse_wish(text: str) -> Wish:
    """Read STACK.

    Raises:
        ChoiceError: it is none of the three words.

    """
    for wish in get_args(Wish):
        if text == wish:
            return wish  # type: ignore[no-any-return]  # get_args forgets that these are the words of Wish
    message = f"STACK is auto, docker or native, not {text!r}"
    raise ChoiceError(message)


def choose(wish: Wish, machine: Machine) -> Choice:
    """Decide. What runs already is kept, so that no data seems to vanish; else Docker where its images can be had.

    Raises:
        ChoiceError: a wish against what runs, or for Docker where there is none; with what to do.

    """
    if machine.running:
        if wish not in {"auto", machine.running}:
            message = f"the stack runs {_how(machine.running)}: `make down` first, then `make up STACK={wish}`"
            raise ChoiceError(message)
        return Choice(kind=machine.running, why=f"it runs {_how(machine.running)} already")
    if wish == "native":
        return Choice(kind="native", why="STACK=native")
    problem = "no Docker engine answers" if machine.engine_version is None else machine.images_problem
    if problem is None:
        return Choice(kind="docker", why=f"Docker {machine.engine_version} answers and has the images")
    if wish == "docker":
        message = f"{problem}: start one, or see docs/containers.md; `make up STACK=native` needs no Docker"
        raise ChoiceError(message)
    return Choice(kind="native", why=problem)


def _how(kind: Kind) -> str:
    return "in containers" if kind == "docker" else "as child processes"
