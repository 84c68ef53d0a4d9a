"""The languages by their names, and their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, get_args

import yaml

from shared.contract import yaml_text
from shared.contract.column_types import LONG_MAX
from shared.contract.model import Contract
from shared.datasource_name import problem_with as problem_with_datasource

from . import frictionless, json_schema, pandera_yaml
from .building import refusal
from .losses import Loss

Language = Literal["frictionless", "json-schema", "pandera"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Exported = tuple[dict[str, Any], tuple[Loss, ...]]
_EXPORTS: dict[Language, Callable[[Contract], Exported]] = {
    "frictionless": frictionless.exported,
    "json-schema": json_schema.exported,
    "pandera": pandera_yaml.exported,
}
_IMPORTS: dict[Language, Callable[[Mapping[str, Any], str], tuple[Contract, tuple[Loss, ...]]]] = {
    "frictionless": frictionless.imported,
    "json-schema": json_schema.imported,
    "pandera": pandera_yaml.imported,
}


def export_text(contract: Contract, language: Language) -> tuple[str, tuple[Loss, ...]]:
    """The contract in another language, JSON or YAML as that is written, and what it does not say."""
    tree, losses = _EXPORTS[language](contract)
    if language == "pandera":
        # Read by PyYAML, in YAML 1.1: its writer knows which texts need quotes there.
        return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100), losses
    return json.dumps(tree, indent=2, ensure_ascii=False, default=_number) + "\n", losses


def import_text(
    content: bytes, language: Language | None, datasource: str | None, *, fallback: str = ""
) -> tuple[Contract, tuple[Loss, ...]]:
    """The contract that a text of another language says, and what of it a contract cannot say.

    `language` is found if None; `datasource` counts before the name in the text, `fallback` after it. Raises
    `ContractError` for a text that is not of the language, or names no datasource.
    """
    tree = _tree(content)
    if not isinstance(tree, dict):
        msg = "the text must be a mapping of names to values"
        raise refusal(msg)
    found = language or language_of(tree)
    if found is None:
        msg = f"the language is not clear: say one of {', '.join(LANGUAGES)}"
        raise refusal(msg)
    return _IMPORTS[found](tree, datasource or _own_name(tree) or fallback)


def language_of(tree: Mapping[str, Any]) -> Language | None:
    """Which language a text is in, by the names of its fields."""
    if isinstance(tree.get("fields"), list):
        return "frictionless"
    if isinstance(tree.get("columns"), dict):
        return "pandera"
    if tree.keys() & {"properties", "$ref", "$defs", "definitions"} or isinstance(tree.get("items"), dict):
        return "json-schema"
    return None


def _own_name(tree: Mapping[str, Any]) -> str | None:
    """What the text calls itself, where that can be a datasource."""
    name = tree.get("name", tree.get("title"))
    return name if isinstance(name, str) and problem_with_datasource(name) is None else None


def _tree(content: bytes) -> Any:
    if content.lstrip()[:1] != b"{" or len(content) > yaml_text.MOST_BYTES:
        return yaml_text.read(content).tree
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        return yaml_text.read(content).tree  # it may be YAML that begins so; if not, its error has a line


def _number(value: Any) -> Any:
    """JSON has no decimals: a whole number where it is one of 64 bits, else the nearest double."""
    return int(value) if abs(value) <= LONG_MAX and value == value.to_integral_value() else float(value)
