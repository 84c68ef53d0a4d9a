"""Trees of plain values as YAML that a person reads: with comments, short lists on one line, few quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import Path
from .yaml_text import Tree, scalar

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_\u00a1-\uffff][\w./+ -]*[\w./+-]|[A-Za-z_]|[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Booleans and nulls of YAML 1.1, which other readers may be of: they get quotes, though our reader needs none.
_ELSEWHERE = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

Comments = Mapping[Path, str]


def written(tree: Mapping[str, Tree], comments: Comments | None = None) -> str:
    """The tree as YAML. A comment stands above the field or the list's member of its path; () is the whole text."""
    notes = comments or {}
    lines = [*_comment(notes, (), ""), *_mapping(tree, notes, (), "")]
    return "\n".join(lines) + "\n"


def on_one_line(value: Any) -> str:
    """Plain values as YAML on one line."""
    return _flow(value)


def _mapping(tree: Mapping[str, Tree], comments: Comments, path: Path, indent: str) -> Iterator[str]:
    for key, value in tree.items():
        yield from _comment(comments, (*path, key), indent)
        yield from _field(f"{indent}{_scalar(key)}:", value, comments, (*path, key), indent)


def _field(head: str, value: Tree, comments: Comments, path: Path, indent: str) -> Iterator[str]:
    noted = any(one[: len(path)] == path and len(one) > len(path) for one in comments)
    if isinstance(value, dict | list) and value and (noted or not _on_one_line(value, len(head))):
        yield head
        if isinstance(value, dict):
            yield from _mapping(value, comments, path, indent + "  ")
        else:
            yield from _list(value, comments, path, indent + "  ")
        return
    yield f"{head} {_flow(value)}"


def _list(values: list[Tree], comments: Comments, path: Path, indent: str) -> Iterator[str]:
    for position, value in enumerate(values):
        yield from _comment(comments, (*path, position), indent)
        if not isinstance(value, dict) or not value:
            yield f"{indent}- {_flow(value)}"
            continue
        lines = list(_mapping(value, comments, (*path, position), indent + "  "))
        first = next(number for number, line in enumerate(lines) if not line.lstrip().startswith("#"))
        yield from (indent + line.lstrip() for line in lines[:first])
        yield f"{indent}- {lines[first].lstrip()}"
        yield from lines[first + 1 :]


def _comment(comments: Comments, path: Path, indent: str) -> Iterator[str]:
    for line in comments.get(path, "").splitlines():
        # A comment ends where YAML sees a line's end, which is more than Python's.
        yield f"{indent}# {''.join(one if one.isprintable() else ' ' for one in line)}".rstrip()


def _on_one_line(value: Tree, begun: int) -> bool:
    """Whether it is short, and has no further lists or mappings in it but short keys."""
    parts = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(parts, list) or any(isinstance(one, dict) for one in parts):
        return False
    if any(isinstance(one, list) for one in parts) and not all(isinstance(one, list) for one in parts):
        return False
    return len(_flow(value)) + begun < _WIDTH


def _flow(value: Tree) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Tree) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.isprintable() and scalar(value) == value and value.lower() not in _ELSEWHERE:
        return value
    return '"' + "".join(_ESCAPES.get(one, one if one.isprintable() else _escaped(one)) for one in value) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # the last that \u can say
