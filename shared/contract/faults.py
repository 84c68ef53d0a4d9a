"""What is wrong with a contract, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString, NoReturn

from pydantic_core import PydanticCustomError

from shared.errors import PermanentError

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the field as `columns[3].checks.min`, what was expected, and the place in the text, from 1."""

    field: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line is not None else ""
        return place + (f"{self.field}: {self.message}" if self.field else self.message)


class ContractError(PermanentError):
    """A text is no contract; `faults` has all that is wrong with it, at least one."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")
        self.faults = faults


def field_name(path: Path) -> str:
    """A path as a person reads it: `columns[3].checks.min`, counted from 0 as in the file."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def refuse(message: str, *path: str | int) -> NoReturn:
    """Raise as the validator of a model does; `path` leads on from the model to the field at fault."""
    kind: LiteralString = "contract"
    raise PydanticCustomError(kind, "{message}", {"message": message, "path": path})
