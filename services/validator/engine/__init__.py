"""The validator's engine: a file on local disk in, a verdict and canonical files on local disk out.

It knows no S3, no Kafka, no database, no clock and no random. `run_child` judges a file in a process of its own,
`check_in_child` one that need not have a time; `parse.parse_file` does the same in this process (it is not imported
here, because it loads Polars).
"""

from __future__ import annotations

from .child import ChildDied, ChildLimits, ChildUsage, check_in_child, run_child
from .document import FileReport
from .file_problems import unread
from .request import Correction, ParseLimits, ParseOptions, ParseRequest
from .verdict import (
    VERDICT,
    Accepted,
    Code,
    Column,
    ExpectedColumn,
    Part,
    Problem,
    Rejected,
    RejectsFile,
    TimeColumn,
    Untimed,
    Verdict,
)

__all__ = [
    "VERDICT",
    "Accepted",
    "ChildDied",
    "ChildLimits",
    "ChildUsage",
    "Code",
    "Column",
    "Correction",
    "ExpectedColumn",
    "FileReport",
    "ParseLimits",
    "ParseOptions",
    "ParseRequest",
    "Part",
    "Problem",
    "Rejected",
    "RejectsFile",
    "TimeColumn",
    "Untimed",
    "Verdict",
    "check_in_child",
    "run_child",
    "unread",
]
