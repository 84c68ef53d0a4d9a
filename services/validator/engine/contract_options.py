"""How a file is read, by what was sent with it and by the contract of its datasource.

How a file is written, its sender knows best: what was sent wins. The time of the rows is no matter of a file: there the
contract wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .request import ParseOptions

if TYPE_CHECKING:
    from shared.contract import Contract

_OF_TIME = ("timestamp_column", "timestamp_format", "time_zone")


def options_with(sent: ParseOptions, contract: Contract) -> tuple[ParseOptions, tuple[str, ...]]:
    """The options that hold, and a sentence for each that is not what the contract says."""
    stated = _stated(contract)
    overruled = []
    held: dict[str, Any] = {}
    for name, value in stated.items():
        said = getattr(sent, name)
        if said is None or name in _OF_TIME:
            held[name] = value
        if said is not None and said != value:
            counts = ": the contract counts" if name in _OF_TIME else ""
            overruled.append(f"{name}: {_shown(said)} was sent, and the contract says {_shown(value)}{counts}")
    return sent.model_copy(update=held), tuple(overruled)


def _stated(contract: Contract) -> dict[str, Any]:
    dialect = contract.dialect
    stated: dict[str, Any] = {
        name: getattr(dialect, name)
        for name in (
            "format",
            "skip_rows",
            "header",
            "comment",
            "quote",
            "escape",
            "decimal_mark",
            "thousands",
            "sheet",
        )
    }
    stated |= {"encoding": dialect.codec, "delimiter": dialect.delimiter_character}
    time = next((column for column in contract.columns if column.role == "time"), None)
    if time is not None:
        stated |= {"timestamp_column": time.name, "timestamp_format": time.format, "time_zone": time.zone}
    return {name: value for name, value in stated.items() if value is not None}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
