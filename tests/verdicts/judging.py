"""Shared by the engine's tests: put bytes in, get the verdict and what was written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from services.validator.engine import (
    Accepted,
    ParseLimits,
    ParseOptions,
    ParseRequest,
    Part,
    Rejected,
    Untimed,
    Verdict,
)
from services.validator.engine.parse import parse_file
from shared.contract import Contract

TASK_ID = "task0000000000000000aa"


class Outcome:
    """A verdict with its files read back."""

    def __init__(self, verdict: Verdict, folder: Path) -> None:
        self.verdict = verdict
        self.folder = folder

    @property
    def accepted(self) -> Accepted:
        assert isinstance(self.verdict, Accepted), self.verdict
        return self.verdict

    @property
    def untimed(self) -> Untimed:
        assert isinstance(self.verdict, Untimed), self.verdict
        return self.verdict

    @property
    def rejected(self) -> Rejected:
        assert isinstance(self.verdict, Rejected), self.verdict
        return self.verdict

    @property
    def code(self) -> str:
        (problem,) = self.rejected.problems
        return problem.code

    @property
    def message(self) -> str:
        return self.rejected.problems[0].message

    @property
    def detail(self) -> dict[str, Any]:
        return dict(self.rejected.problems[0].detail)

    @property
    def parts(self) -> tuple[Part, ...]:
        return () if isinstance(self.verdict, Rejected) else self.verdict.parts

    @property
    def rows(self) -> list[dict[str, Any]]:
        assert not isinstance(self.verdict, Rejected), self.verdict
        return [row for part in self.parts for row in read_ndjson(self.folder / part.name)]

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return read_ndjson(self.folder / self.verdict.rejects.name) if self.verdict.rejects else []

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def reading(self) -> dict[str, Any]:
        """How the report says that the file was read."""
        return {**self.report["dialect"], **{name: self.report[name] for name in ("format", "compression", "encoding")}}

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.type for column in self.accepted.columns}

    @property
    def meanings(self) -> dict[str, str | None]:
        """The logical types."""
        return {column.name: column.logical_type for column in self.accepted.columns}

    @property
    def error_codes(self) -> list[str]:
        return [row["errors"][0]["code"] for row in self.rejects]


def read_ndjson(path: Path) -> list[dict[str, Any]]:
    """Lines are cut at LF alone: text may hold other characters that Python takes for line ends."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().split("\n") if line]


class Judge:
    """Calls the engine in this process, each time with an output folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = 0

    def request(
        self,
        content: bytes | str,
        *,
        limits: ParseLimits | None = None,
        contract: Contract | None = None,
        name: str = "data.csv",
        **options: Any,
    ) -> ParseRequest:
        """Write the content to a file and ask about it."""
        self._calls += 1
        source = self._folder / f"source-{self._calls}"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        output = self._folder / f"output-{self._calls}"
        output.mkdir()
        return ParseRequest(
            source_path=source,
            original_filename=name,
            output_dir=output,
            task_id=TASK_ID,
            options=ParseOptions(**options),
            limits=limits or ParseLimits(),
            contract=contract,
        )

    def __call__(self, content: bytes | str, **request: Any) -> Outcome:
        """The verdict on what `request` would ask."""
        return self.outcome(self.request(content, **request))

    def outcome(self, request: ParseRequest) -> Outcome:
        """The verdict on a request."""
        return Outcome(parse_file(request), request.output_dir)

    def column(self, *values: str) -> tuple[str, list[Any]]:
        """The type and the canonical values of one column of text cells, beside a time column."""
        outcome = self("ts|value\n" + "".join(f"2024-01-01|{value}\n" for value in values), delimiter="|")
        return outcome.types["value"], [row["value"] for row in outcome.rows]
