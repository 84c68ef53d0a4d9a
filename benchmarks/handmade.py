"""What somebody who knows Druid posts for a CSV file with a header: types said, everything else as Druid has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Handmade:
    """A task for one object of a bucket.

    `columns` are the file's, with their types; the one of type `time` holds ISO 8601 and becomes `__time`. With
    `beside_others` it appends, and shares its time with loads that run at once, as Druid recommends.
    """

    datasource: str
    bucket: str
    key: str
    columns: Mapping[str, str]
    beside_others: bool = False

    def task(self) -> dict[str, Any]:
        """The body of the POST."""
        return {
            "type": "index_parallel",
            "spec": {
                "dataSchema": {
                    "dataSource": self.datasource,
                    "timestampSpec": {"column": self._time, "format": "iso"},
                    "dimensionsSpec": {"dimensions": self._dimensions},
                    "granularitySpec": {"segmentGranularity": "YEAR", "rollup": False},
                },
                "ioConfig": {
                    "type": "index_parallel",
                    "inputSource": {"type": "s3", "objects": [{"bucket": self.bucket, "path": self.key}]},
                    "inputFormat": {"type": "csv", "findColumnsFromHeader": True},
                    "appendToExisting": self.beside_others,
                },
                "tuningConfig": {"type": "index_parallel", "partitionsSpec": {"type": "dynamic"}},
            },
            "context": {"useConcurrentLocks": self.beside_others},
        }

    @property
    def _time(self) -> str:
        return next(name for name, kind in self.columns.items() if kind == "time")

    @property
    def _dimensions(self) -> list[dict[str, str]]:
        return [{"type": kind, "name": name} for name, kind in self.columns.items() if kind != "time"]
