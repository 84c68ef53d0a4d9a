"""One JSON text to the cells of a record, exactly: numbers as they are written, nested values as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn

from services.validator.engine.block import DeclaredType, RowError
from services.validator.engine.verdict import Code

MAX_DEPTH = 100


class _Number(str):
    """A JSON number as it is written: no digit passes through a double."""

    __slots__ = ()


class _Pairs(list[tuple[str, "_Value"]]):
    """A JSON object in its order, with repeated keys still in it."""

    __slots__ = ()


_Value = str | bool | None | list["_Value"] | _Pairs


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant
)
_quote = json.JSONEncoder(ensure_ascii=False).encode


class Cell(NamedTuple):
    """A value as text; `declares` is the column type that it insists on. A boolean or a number insists on none.

    A string is quoted text: JSON has no other way to write a date.
    """

    text: str
    declares: DeclaredType | None


def record_of(value: object) -> dict[str, Cell] | RowError:
    """The cells of a decoded record by key, null ones left out, or why it is none."""
    if not isinstance(value, _Pairs):
        return RowError(Code.NOT_AN_OBJECT, "the record is no JSON object")
    record: dict[str, Cell] = {}
    seen: set[str] = set()
    for key, content in value:
        if key in seen:
            return RowError(Code.DUPLICATE_KEY, f"the key {key[:80]!r} stands in it twice", key)
        seen.add(key)
        if content is None:
            continue
        if isinstance(content, list) and (error := _fault_within(content, key)):
            return error
        record[key] = _cell(content)
    return record


def cells_of(values: Sequence[object]) -> list[str]:
    """The texts of a decoded array, null as the empty one."""
    return ["" if content is None else _cell(content).text for content in values]


def keys_of(value: object) -> Sequence[str]:
    """Every key of a decoded record, in its order, null ones too."""
    return [key for key, _ in value] if isinstance(value, _Pairs) else ()


def not_unicode(text: str) -> bool:
    """Whether an escape wrote half of a surrogate pair, which no UTF-8 text can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _cell(content: object) -> Cell:
    if isinstance(content, _Number):
        return Cell(str(content), None)
    if isinstance(content, str):
        return Cell(content, "quoted")
    if isinstance(content, bool):
        return Cell("true" if content else "false", None)
    return Cell("".join(_written(content)), "text")


def _written(content: object) -> Iterator[str]:
    """A nested value as compact JSON, keys in their order, numbers as they were."""
    if isinstance(content, _Pairs):
        yield "{"
        for position, (key, value) in enumerate(content):
            yield f"{',' if position else ''}{_quote(key)}:"
            yield from _written(value)
        yield "}"
    elif isinstance(content, list):
        yield "["
        for position, value in enumerate(content):
            if position:
                yield ","
            yield from _written(value)
        yield "]"
    elif isinstance(content, _Number):
        yield str(content)
    else:
        yield _quote(content)


def _fault_within(content: Sequence[object], column: str) -> RowError | None:
    """A nested value that is too deep or repeats a key. Level by level, so that depth costs no stack."""
    level: list[Sequence[object]] = [content]
    depth = 2
    while level:
        if depth > MAX_DEPTH:
            return too_deep(column)
        below: list[Sequence[object]] = []
        for nested in level:
            values: Sequence[object] = nested
            if isinstance(nested, _Pairs):
                if len({key for key, _ in nested}) != len(nested):
                    return RowError(Code.DUPLICATE_KEY, "a nested object has a key twice", column)
                values = [value for _, value in nested]
            below += [value for value in values if isinstance(value, list)]
        level, depth = below, depth + 1
    return None


def too_deep(column: str | None = None) -> RowError:
    """The fault of a record that is nested deeper than `MAX_DEPTH`."""
    return RowError(Code.JSON_DEPTH, f"it is nested deeper than {MAX_DEPTH} levels", column)
