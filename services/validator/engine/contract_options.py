"""How a file is read, by what was sent with it and by the contract of its datasource: what was sent wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .request import ParseOptions
from .verdict import BadFile, Code

if TYPE_CHECKING:
    from shared.contract import Contract


def options_with(sent: ParseOptions, contract: Contract) -> tuple[ParseOptions, tuple[str, ...]]:
    """The options that hold, and a sentence for each that overrules the contract.

    Raises `BadFile` for a dialect that cannot be read: fields are quoted by `"` only.
    """
    stated = _stated(contract)
    overruled = []
    held: dict[str, Any] = {}
    for name, value in stated.items():
        said = getattr(sent, name)
        if said is None:
            held[name] = value
        elif said != value:
            overruled.append(f"{name}: {_shown(said)} was sent, and the contract says {_shown(value)}")
    if contract.dialect.quote not in (None, '"'):
        message = f"The contract's dialect has the quote {contract.dialect.quote!r}, and only the double quote is read."
        raise BadFile(Code.OPTION_INVALID, message, option="dialect.quote")
    if sent.timestamp_column is not None and sent.timestamp_column != stated.get("timestamp_column"):
        # How the contract's own time is written says nothing about another column.
        for name in ("timestamp_format", "time_zone"):
            held.pop(name, None)
    return sent.model_copy(update=held), tuple(overruled)


def _stated(contract: Contract) -> dict[str, Any]:
    dialect = contract.dialect
    stated: dict[str, Any] = {
        name: getattr(dialect, name)
        for name in ("format", "skip_rows", "header", "comment", "escape", "decimal_mark", "thousands", "sheet")
    }
    stated |= {"encoding": dialect.codec, "delimiter": dialect.delimiter_character}
    time = next((column for column in contract.columns if column.role == "time"), None)
    if time is not None:
        stated |= {"timestamp_column": time.name, "timestamp_format": time.format, "time_zone": time.zone}
    return {name: value for name, value in stated.items() if value is not None}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
