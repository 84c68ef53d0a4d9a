"""YAML as a tree of plain values that knows the place of each: a small, safe part of YAML.

It is of YAML 1.2: mappings, lists and scalars. `no` is the text it looks like (Norway is no boolean: only `true` and
`false` are), numbers keep their digits, dates are text. There are no anchors, aliases or tags, so that a small text
stays small, and a key may stand in a mapping only once. PyYAML does the reading of the signs (with libyaml where it is
there): what it makes of them in YAML 1.1 is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from .faults import ContractError, Fault, Path, field_name
from .json_pairs import LoneSurrogateError, Pairs

MOST_BYTES = 1024 * 1024
DEEPEST = 20

Tree = bool | int | Decimal | str | None | list["Tree"] | dict[str, "Tree"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
_MOST_DIGITS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """The tree, and the line and column, from 1, of each of its fields by their path. A mapping's field is its key."""

    tree: Tree
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def has(self, path: Path) -> bool:
        """Whether the text has a field there."""
        return path in self.places

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at a path, or at the nearest field around it that the text has."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Fault(field_name(path), message, line, column)


def read(content: bytes | str) -> Document:
    """Read one document; raises `ContractError` with the place of the fault for anything else."""
    if len(content) > MOST_BYTES:
        _fail(f"the text has {len(content):,} bytes, and {MOST_BYTES:,} are allowed", 1, 1)
    text = content if isinstance(content, str) else _decoded(content)
    try:
        pairs = Pairs(text)
    except LoneSurrogateError as error:
        _fail(str(error), error.line, error.column)
    text = pairs.text
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), pairs).document()
    except yaml.MarkedYAMLError as error:
        _fail(
            f"this is no YAML: {error.problem or error.context}",
            *_place(error.problem_mark or error.context_mark, pairs),
        )
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = before.count("\n") + 1, len(before) - before.rfind("\n")
        code = error.character if isinstance(error.character, int) else ord(error.character)
        _fail(f"a character that YAML does not allow: U+{code:04X}", *place)
    except ValueError as error:  # libyaml's wrapper cannot take a lone surrogate
        _fail(f"this is no YAML: {error}", 1, 1)


def scalar(text: str) -> Tree:
    """What a scalar without quotes stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) and len(text) <= _MOST_DIGITS else text


class _Builder:
    """Builds the tree of the events of one document."""

    def __init__(self, events: Iterator[yaml.Event], pairs: Pairs) -> None:
        self._events = events
        self._pairs = pairs
        self._places: dict[Path, tuple[int, int]] = {}

    def document(self) -> Document:
        event = next(self._events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            msg = "the text is empty"
            _fail(msg, 1, 1)
        tree = self._node(event, ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            msg = "a second document begins here, and one is allowed"
            _fail(msg, *self._place(after))
        return Document(tree, self._places)

    def _node(self, event: yaml.Event, path: Path) -> Tree:
        self._places.setdefault(path, self._place(event))
        if len(path) > DEEPEST:
            msg = f"the text is nested more than {DEEPEST} deep"
            _fail(msg, *self._place(event), path)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            msg = "anchors and aliases (& and *) are not allowed: write the value out, or put the text in quotes"
            _fail(msg, *self._place(event), path)
        if getattr(event, "tag", None) is not None:
            msg = "tags (!) are not allowed: leave it out, or put the text in quotes"
            _fail(msg, *self._place(event), path)
        if isinstance(event, yaml.ScalarEvent):
            value = scalar(event.value) if event.implicit[0] and not event.style else str(event.value)
            if isinstance(value, str) and _SURROGATE.search(value):  # PyYAML without libyaml lets it pass
                msg = "an escape is half of a surrogate pair, which is no character"
                _fail(msg, *self._place(event), path)
            return value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path)
        return self._mapping(path)

    def _place(self, event: yaml.Event) -> tuple[int, int]:
        return _place(event.start_mark, self._pairs)

    def _list(self, path: Path) -> list[Tree]:
        found: list[Tree] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                msg = "the name of a field must be plain text"
                _fail(msg, *self._place(event), path)
            key = str(event.value)
            if key in found:
                first, _ = self._places[*path, key]
                msg = f"the field stands twice, in line {first} before"
                _fail(msg, *self._place(event), (*path, key))
            self._places[*path, key] = self._place(event)
            found[key] = self._node(next(self._events), (*path, key))
        return found


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        _fail(f"the text must be UTF-8, and its byte {error.start} is not", *place)


def _place(mark: Any, pairs: Pairs) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, pairs.column(mark.line + 1, mark.column + 1))


def _fail(message: str, line: int, column: int, path: Path = ()) -> NoReturn:
    raise ContractError((Fault(field_name(path), message, line, column),))
