"""Checks of a file that was judged here, and of a task whose rows are in the object store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.spec_check import request, sample
from services.spec_check.comparing import Comparison, compare
from services.spec_check.errors import CannotCheckError
from services.spec_check.expecting import expected, types_in
from services.spec_check.sampler import Sampler
from services.submitter.load import DEFAULTS
from services.validator.engine import Accepted, Column
from services.validator.loading import loading_of
from shared.contract import Contract
from shared.loading import Loading
from shared.storage.port import ObjectStore


@dataclass(frozen=True)
class Checked:
    """A comparison, and what it is about.

    `numbered` says what the numbers of its rows count: `record`s of the file, or its accepted `row`s where it is not
    known which records those are. `rows` is how many canonical rows there are in all, None where that is not known.
    """

    datasource: str
    druid: str
    comparison: Comparison
    numbered: str
    rows: int | None
    notes: tuple[str, ...]


async def check_file(
    spec: Mapping[str, Any],
    verdict: Accepted,
    folder: Path,
    *,
    contract: Contract | None,
    sampler: Sampler,
    rows: int,
) -> Checked:
    """Send the first rows of a judged file to the sampler, and compare.

    Args:
        spec: what it would be loaded with.
        verdict: what the validator's engine says of it.
        folder: where the engine has put its parts.
        contract: that of its datasource, if it has one.
        sampler: who reads them in Druid.
        rows: how many rows to compare at most.

    Raises:
        CannotCheckError: nothing could be compared.
    """
    taken = sample.of_files([folder / part.name for part in verdict.parts], rows)
    _at_least_one(taken)
    rejected = "" if not verdict.rows_rejected else verdict.rejected_records
    records = sample.records_of(len(taken.rows), rejected)
    numbers = records or range(1, len(taken.rows) + 1)
    loading = loading_of(contract, verdict.columns) or DEFAULTS
    theirs = await sampler(spec, request.inline(taken.lines), len(taken.rows))
    return Checked(
        datasource=str(spec["spec"]["dataSchema"]["dataSource"]),
        druid=sampler.url,
        comparison=compare(expected(taken.rows, numbers, loading), theirs),
        numbered="row" if records is None else "record",
        rows=verdict.rows_accepted,
        notes=_notes(loading, spec),
    )


async def check_task(
    spec: Mapping[str, Any],
    store: ObjectStore,
    *,
    contract: Contract | None,
    sampler: Sampler,
    rows: int,
) -> Checked:
    """Have the sampler read a task's own parts by its kept spec, and compare with the parts as they are read here.

    The parts are read here first: Druid itself tries for minutes to read an object that is not there.

    Args:
        spec: the kept one.
        store: where the parts are.
        contract: the version that the task was judged by, if there was one.
        sampler: who reads them in Druid.
        rows: how many rows to compare at most.

    Raises:
        CannotCheckError: nothing could be compared; the parts may have expired.
        StorageAwayError, StorageRefusedError: they cannot be read now.
    """
    parts = request.parts_of(spec, bucket=store.bucket)
    taken = await sample.of_objects(store, parts.objects, rows)
    _at_least_one(taken)
    loading = loading_of(contract, _columns(taken.rows)) or DEFAULTS
    source = request.objects(parts) if parts.readable else request.inline(taken.lines)
    theirs = await sampler(spec, source, len(taken.rows))
    unsigned = "its parts were read by signed addresses, which are not kept: the rows were sent to Druid instead"
    return Checked(
        datasource=str(spec["spec"]["dataSchema"]["dataSource"]),
        druid=sampler.url,
        comparison=compare(expected(taken.rows, range(1, len(taken.rows) + 1), loading), theirs),
        numbered="row",
        rows=None,
        notes=_notes(loading, spec) + (() if parts.readable else (unsigned,)),
    )


def _at_least_one(taken: sample.Sample) -> None:
    if not taken.rows:
        msg = f"nothing could be compared: the first row has more than the {sample.MOST_BYTES:,} bytes of a sample"
        raise CannotCheckError(msg)


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns as the rows themselves show them; one without a value is text like any other."""
    types = types_in(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return tuple(
        Column(name=name, type="string", source_name=name, logical_type=_LOGICAL.get(types.get(name, ""), "text"))
        for name in names
    )


_LOGICAL: dict[str, Any] = {"long": "long", "double": "double"}


def _notes(loading: Loading, spec: Mapping[str, Any]) -> tuple[str, ...]:
    cut = spec["spec"]["dataSchema"]["granularitySpec"]["queryGranularity"]
    off = [name for name, on in (("rollup", loading.rollup), (f"query granularity {cut}", cut != "NONE")) if on]
    return (f"without {' and '.join(off)}, so that each row comes back as it is",) if off else ()
