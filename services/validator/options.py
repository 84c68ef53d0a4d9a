"""What the engine is told about a file, out of what its sender said and what its contract declares."""

from __future__ import annotations

from typing import Any

from services.validator.engine import ParseOptions
from shared.contract import Contract
from shared.events import LoadOptions


def parse_options(said: LoadOptions, contract: Contract | None) -> ParseOptions:
    """The engine's options.

    How a file is written, its sender knows best: what he says of it counts, else what the contract declares of every
    file, else it is found in the file. Which column is the time, and how it is written, is no matter of the file: where
    the contract has a time column that counts, whatever the sender says.
    """
    of_sender = _known({name: getattr(said, name) for name in LoadOptions.model_fields})
    if contract is None:
        return ParseOptions(**of_sender)
    return ParseOptions(**{**_known(_dialect(contract)), **of_sender, **_known(_time(contract))})


def _dialect(contract: Contract) -> dict[str, Any]:
    """The declared dialect, by the engine's names."""
    dialect = contract.dialect
    return {
        "delimiter": dialect.delimiter_character,
        "encoding": dialect.encoding,
        "sheet": dialect.sheet,
        "format": dialect.format,
    }


def _time(contract: Contract) -> dict[str, Any]:
    """What the contract says of its time column; nothing without one, and the format only where it has it."""
    column = next((one for one in contract.columns if one.role == "time"), None)
    return {} if column is None else {"timestamp_column": column.name, "timestamp_format": column.format}


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """The options that the engine takes, where they say something."""
    return {name: value for name, value in options.items() if value is not None and name in ParseOptions.model_fields}
