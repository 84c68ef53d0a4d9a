"""The examples of `docs/examples/`, and the specs that belong to them.

    python -m tests.examples

writes each `spec.json` anew: the file is judged by its contract, and the spec is made of the verdict, by the code of
the services. What differs with every load has names there that are told in `docs/examples/README.md`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.submitter.preparing import load_of
from services.submitter.settings import SubmitterOptions
from services.submitter.spec import freeze
from services.validator.engine import Accepted, ParseRequest
from services.validator.engine.parse import parse_file
from services.validator.loading import loading_of
from services.validator.publication import Fetched, Run, validated
from shared.contract import Contract, read_contract
from shared.events import FileUploaded, LoadMode
from shared.schema import ROOT

FOLDER = Path("docs/examples")
TASK_ID = "BcdefghijkmnopqrstuvwA"
RUN_ID = "run"
BUCKET = "ingest"
_SOME_TIME = datetime(2026, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Example:
    """A folder; its files in the order in which they are sent, with their rows. The spec is that of the last."""

    name: str
    files: dict[str, int]

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return ROOT / FOLDER / self.name

    @property
    def contract(self) -> Contract:
        """How its datasource is loaded, and what its files must be."""
        return read_contract(self.text("contract.yaml"))

    @property
    def answer(self) -> list[dict[str, Any]]:
        """What its query finds when all files are loaded."""
        rows: list[dict[str, Any]] = json.loads(self.text("answer.json"))
        return rows

    def text(self, name: str) -> str:
        """What stands in one of its text files."""
        return (self.folder / name).read_text(encoding="utf-8")


EXAMPLES = (
    Example("events-with-rollup", {"views.csv": 96}),
    Example("wide-table", {"readings.csv": 48}),
    Example("late-data", {"three-days.csv": 30, "tuesday-again.csv": 13}),
    Example("nested-json", {"orders.ndjson": 24}),
)


def spec(example: Example) -> dict[str, Any]:
    """The task that Druid is given for the last file of an example, into a datasource that holds what came before.

    Raises:
        ValueError: a row of the file is bad.
    """
    contract, (name, rows) = example.contract, list(example.files.items())[-1]
    source = example.folder / name
    with tempfile.TemporaryDirectory(prefix="ingest-example-") as folder:
        verdict = parse_file(
            ParseRequest(
                source_path=source,
                original_filename=name,
                output_dir=Path(folder),
                task_id=TASK_ID,
                contract=contract,
            )
        )
    good = verdict.rows_accepted if isinstance(verdict, Accepted) else None
    if not isinstance(verdict, Accepted) or (good, verdict.rows_rejected) != (rows, 0):
        message = f"{source} must have {rows} good rows by its contract, and has {good}: run `ingest validate` on it"
        raise ValueError(message)
    uploaded = FileUploaded(
        task_id=TASK_ID,
        datasource_name=contract.datasource,
        file_uri=f"s3://{BUCKET}/{name}",
        accepted_at=_SOME_TIME,
    )
    told = validated(
        uploaded,
        verdict,
        Run(TASK_ID, RUN_ID, _SOME_TIME),
        Fetched(source.stat().st_size, sha256=""),
        bucket=BUCKET,
        finished_at=_SOME_TIME,
        loading=loading_of(contract, verdict.columns),
    )
    rows_per_segment = SubmitterOptions.model_fields["rows_per_segment"].default
    load = load_of(told, LoadMode(contract.loading.mode), rows_per_segment=rows_per_segment, most_sub_tasks=1)
    return dict(freeze(load).spec)


def written(task: dict[str, Any]) -> str:
    """A task as it stands in a `spec.json`."""
    return json.dumps(task, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every `spec.json`."""
    for example in EXAMPLES:
        (example.folder / "spec.json").write_text(written(spec(example)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
