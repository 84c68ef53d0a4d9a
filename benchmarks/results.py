"""Outcomes as JSON, with what is worth knowing of the machine and nothing that names it."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.claim import Outcome
from benchmarks.figure import Figure

LATEST = Path(__file__).parent / "results" / "latest.json"
_DIGITS = 6


def document(outcomes: Sequence[Outcome], *, measured_on: date, quick: bool) -> dict[str, Any]:
    """All that was measured. `quick` figures show that the benchmarks work, and nothing else."""
    return {
        "measured_on": measured_on.isoformat(),
        "quick": quick,
        "machine": machine(),
        "claims": [
            {
                "name": outcome.claim.name,
                "title": outcome.claim.title,
                "peer": outcome.claim.peer,
                "load_before": outcome.load_before,
                "error": outcome.error,
                "figures": [_figure(figure) for figure in outcome.figures],
            }
            for outcome in outcomes
        ],
    }


def write(path: Path, body: dict[str, Any]) -> None:
    """Keep the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(body), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Cores, memory and interpreter."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory_bytes / 1024**3, 1),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "ours": figure.ours,
        "peer": figure.peer,
        "ratio": figure.ratio,
        "aim": str(figure.aim) if figure.aim else None,
        "verdict": figure.verdict or None,
        **figure.details,
    }


def _rounded(value: Any) -> Any:
    """Floats of six significant digits; what is no number is null."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
