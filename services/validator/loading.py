"""What a verdict hands on of the contract: how its datasource is loaded, settled by the columns of the file."""

from __future__ import annotations

from collections.abc import Sequence

from services.validator.engine import Column
from shared.contract import Contract
from shared.contract.loading_columns import columns_of_file
from shared.contract.loading_fit import settled
from shared.loading import Loading


def loading_of(contract: Contract | None, columns: Sequence[Column]) -> Loading | None:
    """How the rows get into their datasource; None where no contract says it."""
    if contract is None:
        return None
    types = {one.name: one.logical_type or "text" for one in columns}
    found = settled(contract.loading, columns_of_file(contract, types))
    drift = contract.drift
    return found.model_copy(update={"wider_type": drift.wider_type, "narrower_type": drift.narrower_type})
