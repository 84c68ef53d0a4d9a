"""What is lost between two languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contract.model import Column, Contract


@dataclass(frozen=True, slots=True)
class Loss:
    """A field of the source, as `columns.price.unique`, and what became of it, in half a sentence."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Losses:
    """Collects losses, each once, in their order."""

    def __init__(self) -> None:
        self._found: dict[Loss, None] = {}

    def add(self, field: str, message: str) -> None:
        """Note a loss."""
        self._found[Loss(field, message)] = None

    def listed(self) -> tuple[Loss, ...]:
        """All of them."""
        return tuple(self._found)


def note_unsaid(losses: Losses, contract: Contract, said: Iterable[str], language: str) -> None:
    """Note each part of a contract that is stated and not among those that the language says."""
    known = {"format_version", "datasource", "columns", *said}
    stated = contract.model_dump(exclude_defaults=True)
    for name in stated:
        if name == "rules" and name not in known:
            for rule in contract.rules:
                losses.add(f"rules.{rule.name}", f"{language} has no rules across columns")
        elif name not in known:
            losses.add(name, f"{language} has nothing for it")


def note_unsaid_of_column(losses: Losses, column: Column, said: Iterable[str], language: str) -> None:
    """The same for a column."""
    known = {"name", "type", "nullable", "checks", *said}
    for name in column.model_dump(exclude_defaults=True):
        if name not in known:
            losses.add(f"columns.{column.name}.{name}", f"{language} has nothing for it")
