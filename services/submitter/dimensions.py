"""The dimensions of a load: which columns, in which order, of which types. Pure."""

from __future__ import annotations

from typing import Any

from services.submitter.load import Load
from shared.druid import TASK_COLUMN
from shared.loading import DimensionType

TIME_COLUMN = "__time"
_OURS = frozenset({TIME_COLUMN, TASK_COLUMN})


def dimensions_spec(load: Load) -> dict[str, Any]:
    """`dimensionsSpec`: every dimension is named, so that Druid discovers none."""
    dimensions = [{"type": kind, "name": name} for name, kind in dimensions_of(load).items()]
    if load.loading.task_id_column:
        dimensions.append({"type": "string", "name": TASK_COLUMN})
    return {"dimensions": dimensions, "includeAllDimensions": False, "useSchemaDiscovery": False}


def dimensions_of(load: Load) -> dict[str, DimensionType]:
    """The dimensions beside the time and the task's id, with their types, in the order in which Druid sorts by them.

    First those that the datasource names, as far as the file or a transform has them, then the others of the file, then
    those that transforms add.
    """
    loading = load.loading
    columns: dict[str, DimensionType] = {one.name: one.type for one in load.columns if one.name not in _OURS}
    columns |= {one.name: one.returns for one in loading.transforms}
    columns |= {one.name: one.type for one in loading.dimension_types if one.name in columns}
    kept = [name for name in columns if name not in loading.left_out]
    first = [name for name in loading.dimensions if name in kept]
    return {name: columns[name] for name in dict.fromkeys((*first, *kept))}
