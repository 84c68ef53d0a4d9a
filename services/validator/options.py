"""What the engine is told about a file, out of what its sender said and what its contract declares."""

from __future__ import annotations

from typing import Any

from services.validator.engine import ParseOptions
from shared.contract import Contract
from shared.contract.model import Dialect
from shared.events import LoadOptions


def parse_options(said: LoadOptions, contract: Contract | None) -> ParseOptions:
    """The engine's options.

    How a file is written, its sender knows best: what he says of it counts, else what the contract declares of every
    file, else it is found in the file. The time of the rows is no matter of a file: the contract's time column counts,
    with what it says of format and zone, whatever the sender says.
    """
    of_sender = _known({name: getattr(said, name) for name in LoadOptions.model_fields})
    if contract is None:
        return ParseOptions(**of_sender)
    return ParseOptions(**{**_known(_dialect(contract)), **of_sender, **_known(_time(contract))})


def _dialect(contract: Contract) -> dict[str, Any]:
    """The declared dialect; its fields have the names of the engine's options."""
    dialect = contract.dialect
    return {name: getattr(dialect, name) for name in Dialect.model_fields} | {"delimiter": dialect.delimiter_character}


def _time(contract: Contract) -> dict[str, Any]:
    """What the contract says of its time column; nothing without one."""
    column = next((one for one in contract.columns if one.role == "time"), None)
    if column is None:
        return {}
    return {"timestamp_column": column.name, "timestamp_format": column.format, "time_zone": column.zone}


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """The options that the engine takes, where they say something."""
    return {name: value for name, value in options.items() if value is not None and name in ParseOptions.model_fields}
