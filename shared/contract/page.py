"""The tables of `docs/contracts.md`, written from the models.

    python -m shared.contract.page

writes anew what stands between `<!-- NAME: written by make docs -->` and `<!-- end of NAME -->`, and nothing else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from .drift import MEANINGS as DRIFT_MEANINGS
from .expressions.functions import FUNCTIONS
from .loading import Dimension, Loading, Metric, Partitioning, Transform
from .model import Checks, Column, Contract, Dialect, Drift, DriftDecision, Limits, Rule
from .part import Part
from .rule_names import MEANINGS as RULE_MEANINGS

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/contracts.md")
_MODELS: dict[str, type[Part]] = {
    "The contract": Contract,
    "A column: `columns[]`": Column,
    "Checks of a column: `columns[].checks`": Checks,
    "A rule: `rules[]`": Rule,
    "How files are written: `dialect`": Dialect,
    "Limits: `limits`": Limits,
    "Drift: `drift`": Drift,
    "Loading: `loading`": Loading,
    "Partitioning: `loading.partitioning`": Partitioning,
    "A metric: `loading.metrics[]`": Metric,
    "A dimension: `loading.dimensions[]`": Dimension,
    "A transform: `loading.transforms[]`": Transform,
}
_MARKED = re.compile(r"(<!-- (\w+): written by make docs -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables written anew. Raises `KeyError` for a table that there is not."""
    return _MARKED.sub(lambda found: "\n".join([found[1], *_TABLES[found[2]](), "", found[3]]), text)


def _fields() -> Iterator[str]:
    for number, (title, model) in enumerate(_MODELS.items()):
        yield from ([""] if number else [])
        yield from (f"### {title}", "", "| field | default | meaning |", "|---|---|---|")
        for name, field in model.model_fields.items():
            meaning = " ".join((field.description or "").split())
            yield f"| `{name}` | {_default(field.default)} | {meaning} |"


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "must be there"
    if value is None or value == () or isinstance(value, Part):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _functions() -> Iterator[str]:
    yield from ("| function | value |", "|---|---|")
    yield from (f"| `{function.usage}` | {function.meaning} |" for function in FUNCTIONS.values())


def _drift() -> Iterator[str]:
    decisions = get_args(DriftDecision)
    yield f"| kind | {' | '.join(f'`{one}`' for one in decisions)} |"
    yield "|---|---|---|---|"
    for kind, meanings in DRIFT_MEANINGS.items():
        default = Drift.model_fields[kind].default
        cells = [f"{meanings[one]}{' **(default)**' if one == default else ''}" for one in decisions]
        yield f"| `{kind}` | {' | '.join(cells)} |"


def _rules() -> Iterator[str]:
    yield from ("| rule | meaning |", "|---|---|")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in RULE_MEANINGS.items())


_TABLES = {"fields": _fields, "functions": _functions, "drift": _drift, "rules": _rules}


def main(root: Path = ROOT) -> int:
    """Write the page below `root` anew."""
    (root / PAGE).write_text(page((root / PAGE).read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
