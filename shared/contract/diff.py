"""What changed between two versions of a contract, and whether a file that was good may be rejected now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .loading import Loading
from .model import Column, Contract
from .part import Part
from .widening import is_wider

ChangeKind = Literal[
    "new_column",
    "missing_column",
    "wider_type",
    "narrower_type",
    "type_changed",
    "check_tightened",
    "check_loosened",
    "check_changed",
    "rule_added",
    "rule_removed",
    "rule_changed",
    "key_added",
    "key_removed",
    "limit_tightened",
    "limit_loosened",
    "drift_changed",
    "loading_changed",
    "reading_changed",
    "role_changed",
    "order_changed",
    "datasource_changed",
    "description_changed",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `breaks`: a file that the old contract accepted whole may now lose rows, or be rejected."""

    kind: ChangeKind
    field: str
    breaks: bool
    sentence: str


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every change, the columns first; empty for two contracts that say the same."""
    return (*_columns(old, new), *_rules(old, new), *_keys(old, new), *_rest(old, new))


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name, column in before.items():
        if name in after:
            yield from _column(column, after[name])
            continue
        breaks = new.drift.new_column == "reject" and column.role != "ignore"
        yield Change("missing_column", f"columns.{name}", breaks, f"`{name}` is gone")
    for name, column in after.items():
        if name not in before:
            breaks = column.role != "ignore" and (not column.nullable or new.drift.missing_column == "reject")
            why = ", and files must have it" if breaks else ""
            yield Change("new_column", f"columns.{name}", breaks, f"`{name}` ({column.type}) is new{why}")
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        breaks = new.dialect.header is False
        yield Change("order_changed", "columns", breaks, "the columns stand in another order")


def _column(old: Column, new: Column) -> Iterator[Change]:
    place = f"columns.{old.name}"
    if old.type != new.type:
        yield _type_change(old, new, place)
    for name, tightens in (("nullable", not new.nullable), ("unique", new.unique)):
        if getattr(old, name) != getattr(new, name):
            yield _check(f"{place}.{name}", tightens=tightens, said=f"{name} is {str(getattr(new, name)).lower()} now")
    if old.scale != new.scale and old.type == new.type:
        tightens = (new.scale or 0) < (old.scale or 0) if None not in {new.scale, old.scale} else True
        yield _check(f"{place}.scale", tightens=tightens, said=_from_to(old.scale, new.scale))
    for name in sorted(old.checks.stated().keys() | new.checks.stated().keys()):
        yield from _check_change(name, old, new, f"{place}.checks.{name}")
    for name in ("format", "zone"):
        if getattr(old, name) != getattr(new, name):
            yield Change("reading_changed", f"{place}.{name}", True, _from_to(getattr(old, name), getattr(new, name)))
    if old.role != new.role:
        yield Change("role_changed", f"{place}.role", new.role == "time", _from_to(old.role, new.role))
    if old.description != new.description:
        yield Change("description_changed", f"{place}.description", False, "the description is another")


def _type_change(old: Column, new: Column, place: str) -> Change:
    said = f"`{old.name}` was {old.type} and is {new.type}"
    if is_wider(new.type, old.type):
        return Change("wider_type", f"{place}.type", False, f"{said}, which holds every value of before")
    if is_wider(old.type, new.type):
        return Change("narrower_type", f"{place}.type", True, f"{said}, which not every value of before is")
    return Change("type_changed", f"{place}.type", True, said)


# For each check, whether the second value lets less through than the first.
_TIGHTER: dict[str, Callable[[Any, Any], bool]] = {
    "min": lambda old, new: new > old,
    "max": lambda old, new: new < old,
    "min_length": lambda old, new: new > old,
    "max_length": lambda old, new: new < old,
}


def _check_change(name: str, old: Column, new: Column, place: str) -> Iterator[Change]:
    before, after = getattr(old.checks, name), getattr(new.checks, name)
    if before is None or after is None:
        said = f"must be {_shown(after)} now" if before is None else "is not looked at any more"
        yield _check(place, tightens=before is None, said=said)
    elif name == "enum":
        yield from _enum_change(before, after, place)
    elif name in {"min", "max"} and old.type != new.type:
        if before != after:
            yield Change("check_changed", place, True, _from_to(before, after))
    elif name in _TIGHTER:
        one, other = (before, after) if name.endswith("length") else (old.value_of(before), new.value_of(after))
        if one != other:
            yield _check(place, tightens=_TIGHTER[name](one, other), said=_from_to(before, after))
    elif before != after:
        yield Change("check_changed", place, True, _from_to(before, after))


def _enum_change(old: tuple[Any, ...], new: tuple[Any, ...], place: str) -> Iterator[Change]:
    for tightens, listed, others, word in ((True, old, new, "no longer"), (False, new, old, "now")):
        moved = [_shown(one) for one in listed if one not in others]
        if moved:
            yield _check(place, tightens=tightens, said=f"{word} allowed: {', '.join(moved[:20])}")


def _check(place: str, *, tightens: bool, said: str) -> Change:
    return Change("check_tightened" if tightens else "check_loosened", place, tightens, said)


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({rule.name: rule for rule in one.rules} for one in (old, new))
    for name, rule in before.items():
        if name not in after:
            yield Change("rule_removed", f"rules.{name}", False, f"the rule is gone: {rule.expression}")
        elif rule.expression != after[name].expression:
            yield Change("rule_changed", f"rules.{name}", True, _from_to(rule.expression, after[name].expression))
        elif rule.message != after[name].message:
            yield Change("description_changed", f"rules.{name}", False, "the message is another")
    for name, rule in after.items():
        if name not in before:
            yield Change("rule_added", f"rules.{name}", True, f"a new rule: {rule.expression}")


def _keys(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({frozenset(key): key for key in one.keys} for one in (old, new))
    for kind, listed, others in (("key_removed", before, after), ("key_added", after, before)):
        for members, key in listed.items():
            if members not in others:
                names = ", ".join(f"`{name}`" for name in key)
                if kind == "key_added":
                    yield Change("key_added", "keys", True, f"{names} must be unique together now")
                else:
                    yield Change("key_removed", "keys", False, f"{names} need not be unique together any more")


def _rest(old: Contract, new: Contract) -> Iterator[Change]:
    if old.datasource != new.datasource:
        said = _from_to(old.datasource, new.datasource)
        yield Change("datasource_changed", "datasource", False, said)
    for name in type(old.dialect).model_fields:
        before, after = getattr(old.dialect, name), getattr(new.dialect, name)
        if before != after:
            yield Change("reading_changed", f"dialect.{name}", after is not None, _from_to(before, after))
    if old.null_markers != new.null_markers:
        breaks = old.null_markers is None or new.null_markers is None
        breaks = breaks or not set(old.null_markers or ()) <= set(new.null_markers or ())
        yield Change("reading_changed", "null_markers", breaks, _from_to(old.null_markers, new.null_markers))
    for name in type(old.limits).model_fields:
        before, after = getattr(old.limits, name), getattr(new.limits, name)
        if before != after:
            tightens = before is None or (after is not None and after < before)
            kind: ChangeKind = "limit_tightened" if tightens else "limit_loosened"
            yield Change(kind, f"limits.{name}", tightens, _from_to(before, after))
    for name in type(old.drift).model_fields:
        before, after = getattr(old.drift, name), getattr(new.drift, name)
        if before != after:
            yield Change("drift_changed", f"drift.{name}", after == "reject", _from_to(before, after))
    yield from _loading(old.loading, new.loading)
    if old.description != new.description:
        yield Change("description_changed", "description", False, "the description is another")


def _loading(old: Loading, new: Loading) -> Iterator[Change]:
    """No change of loading breaks a file: what it does not fit is a fault of the contract, or of columns it lacks."""
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change("loading_changed", f"loading.{name}", False, _from_to(_said(before), _said(after)))


def _said(value: Any) -> Any:
    """A part, or a list of them, in one line of what is stated."""
    if isinstance(value, Part):
        stated = value.model_dump(exclude_defaults=True)
        return ", ".join(f"{name} {_said(one)}" for name, one in stated.items()) or "the default"
    if isinstance(value, tuple):
        return "; ".join(str(_said(one)) for one in value) or "nothing"
    return str(value).lower() if isinstance(value, bool) else value


def _from_to(old: Any, new: Any) -> str:
    return f"was {_shown(old)} and is {_shown(new)}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"one of {', '.join(map(str, value[:20]))}"
    return "not stated" if value is None else str(value)
