"""Checks of a file that was judged here, and of a task whose rows are in the object store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.spec_check import request, sample
from services.spec_check.comparing import Comparison, compare
from services.spec_check.errors import CannotCheckError
from services.spec_check.expecting import expected, types_in
from services.spec_check.sampler import Sampler
from services.submitter.live_types import noted_in, retyped
from services.submitter.load import DEFAULTS
from services.validator.engine import Accepted, Column
from services.validator.loading import loading_of
from shared.contract import Contract
from shared.loading import Loading
from shared.storage.port import ObjectStore

_UNSIGNED = "the parts had signed addresses, which are not kept: their rows were sent"
_LOGICAL: dict[str, Any] = {"long": "long", "double": "double"}


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
    rejected = "" if not verdict.rows_rejected else verdict.rejected_records
    records = sample.records_of(len(taken.rows), rejected)
    if records is not None:
        taken = replace(taken, numbers=records)
    kept = _comparable(taken)
    loading = loading_of(contract, verdict.columns) or DEFAULTS
    theirs = await sampler(spec, request.inline(kept.lines), len(kept.rows))
    return Checked(
        datasource=str(spec["spec"]["dataSchema"]["dataSource"]),
        druid=sampler.url,
        comparison=compare(expected(kept.rows, kept.numbers, loading), theirs),
        numbered="row" if records is None else "record",
        rows=verdict.rows_accepted,
        notes=_notes(loading, spec, len(taken.rows) - len(kept.rows)),
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
    kept = _comparable(taken)
    stated = loading_of(contract, _columns(taken.rows)) or DEFAULTS
    loading = retyped(stated, noted_in(spec), {}, frozenset())  # what the datasource's own types have decided
    reads_itself = parts.readable and len(kept.rows) == len(taken.rows)
    source = request.objects(parts) if reads_itself else request.inline(kept.lines)
    theirs = await sampler(spec, source, len(kept.rows))
    return Checked(
        datasource=str(spec["spec"]["dataSchema"]["dataSource"]),
        druid=sampler.url,
        comparison=compare(expected(kept.rows, kept.numbers, loading), theirs),
        numbered="row",
        rows=None,
        notes=_notes(loading, spec, len(taken.rows) - len(kept.rows)) + (() if parts.readable else (_UNSIGNED,)),
    )


def _comparable(taken: sample.Sample) -> sample.Sample:
    if not taken.rows:
        msg = f"nothing could be compared: the first row has more than the {sample.MOST_BYTES:,} bytes of a sample"
        raise CannotCheckError(msg)
    kept = taken.since_1970()
    if not kept.rows:
        msg = (
            f"nothing could be compared: the {len(taken.rows):,} rows are of before 1970, which Druid's sampler refuses"
        )
        raise CannotCheckError(msg)
    return kept


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns as the rows themselves show them; one without a value is text like any other."""
    types = types_in(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return tuple(
        Column(name=name, type="string", source_name=name, logical_type=_LOGICAL.get(types.get(name, ""), "text"))
        for name in names
    )


def _notes(loading: Loading, spec: Mapping[str, Any], before_1970: int) -> tuple[str, ...]:
    cut = spec["spec"]["dataSchema"]["granularitySpec"]["queryGranularity"]
    off = [name for name, on in (("rollup", loading.rollup), (f"query granularity {cut}", cut != "NONE")) if on]
    notes = [f"off for the comparison: {', '.join(off)}"] if off else []
    if before_1970:
        notes.append(f"{before_1970:,} rows of before 1970 are left out: Druid loads them, its sampler does not")
    return tuple(notes)
