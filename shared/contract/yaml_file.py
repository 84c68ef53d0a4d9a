"""A contract as YAML, read and written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from . import yaml_text, yaml_writing
from .faults import ContractError, Path
from .model import Contract
from .yaml_writing import Comments

_MISSING = "is missing: it must be there"
_UNKNOWN = "is no field of a contract: is it a typing error?"


def read_contract(content: bytes | str) -> Contract:
    """The contract that a text of YAML, or JSON, says.

    Raises `ContractError` with every fault, each with its line and column, its field, and what was expected. Not more
    than 1 MiB, nested 20 deep, UTF-8.
    """
    document = yaml_text.read(content)
    if not isinstance(document.tree, dict):
        raise ContractError((document.fault((), "a contract is a mapping, such as `datasource: sales`"),))
    try:
        return Contract.model_validate(document.tree)
    except ValidationError as error:
        faults = dict.fromkeys(_fault(document, details) for details in error.errors())
        raise ContractError(tuple(faults)) from None


def write_contract(contract: Contract, comments: Comments | None = None) -> str:
    """The contract as YAML. What has its default is left out; `comments` stand above the fields of their paths."""
    return yaml_writing.written(contract_tree(contract), comments)


def contract_tree(contract: Contract) -> dict[str, yaml_text.Tree]:
    """The contract as plain values, without what has its default."""
    return {
        "format_version": contract.format_version,
        **_plain(contract.model_dump(exclude_defaults=True, exclude={"format_version"})),
    }


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case float():
            return Decimal(repr(value))
    return value


def _fault(document: yaml_text.Document, details: ErrorDetails) -> Any:
    path = tuple(details["loc"])
    if path and path[-1] in _UNION_STEPS and document.has(path[:-1]) and not document.has(path):
        return document.fault(path[:-1], "must be a value: a number, a text, true or false")
    match details["type"]:
        case "contract":
            given: Path = details["ctx"]["path"]
            return document.fault((*path, *given), str(details["ctx"]["message"]))
        case "missing":
            return document.fault(path, _MISSING)
        case "extra_forbidden":
            return document.fault(path, _UNKNOWN)
    said = details["msg"].replace("Input should be", "must be").replace("valid tuple", "list")
    return document.fault(path, f"{said[0].lower()}{said[1:]}, not {_shown(details['input'])}")


# Of a value that may be of several types pydantic says what each of them expected.
_UNION_STEPS = frozenset({"bool", "int", "decimal", "str"})


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004  # a line of a terminal
