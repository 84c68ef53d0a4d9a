"""The programs that must be on the machine, and how to get each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stack import artifact
from stack.artifact import Artifact
from stack.errors import StackError
from stack.java import find_java, java_problem

_HOW = {
    "mvn": "mvn is missing: Maven downloads {what}, once; install it with `apt-get install maven`",
    "go": "go is missing: Go builds {what}, once; install it with `apt-get install golang-go` or from go.dev/dl",
}


class RequirementError(StackError):
    """Programs are missing; one line for each."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One program: what is wrong with it, or where it is."""

    name: str
    found: str | None
    problem: str | None


def examine(*, java: bool, downloads: Iterable[Artifact]) -> list[Requirement]:
    """Look at Java, if `java`, and at the tools that the `downloads` still to be made need."""
    todo = list(downloads)
    tools = {tool: [a.name for a in todo if a.tool == tool] for tool in ("mvn", "go")}
    examined = []
    if java or tools["mvn"]:
        program = find_java()
        examined.append(Requirement(name="java", found=program, problem=java_problem(program)))
    for tool, names in tools.items():
        if names:
            program = artifact.find_tool(tool)
            problem = None if program else _HOW[tool].format(what=", ".join(names))
            examined.append(Requirement(name=tool, found=program, problem=problem))
    return examined


def insist(examined: Iterable[Requirement]) -> None:
    """Go on only when nothing is wrong.

    Raises:
        RequirementError: with one line for each problem.

    """
    problems = [requirement.problem for requirement in examined if requirement.problem]
    if problems:
        raise RequirementError("\n".join(problems))
