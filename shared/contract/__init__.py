"""The contract of a datasource.

`read_contract` and `write_contract` go between YAML and a `Contract`. None of this loads Polars, unless a contract has
a pattern; `compiled`, `polars_checks`, `uniqueness` and `pandera_schema` do, and are imported by their names.
"""

from __future__ import annotations

from .diff import Change, diff
from .drift import DriftFound, FileColumn, drift_of
from .faults import ContractError, Fault
from .model import Contract
from .yaml_file import read_contract, write_contract

__all__ = [
    "Change",
    "Contract",
    "ContractError",
    "DriftFound",
    "Fault",
    "FileColumn",
    "diff",
    "drift_of",
    "read_contract",
    "write_contract",
]
