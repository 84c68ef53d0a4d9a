from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from benchmarks.claim import Claim, Outcome
from benchmarks.claims import CLAIMS
from benchmarks.figure import Aim, Figure, Of
from benchmarks.results import document, write
from benchmarks.table import WIDTH, number, table

CLAIM = Claim("upload", "Upload through the gateway", "a peer", lambda _: [])
FIGURES = [
    Figure("1,024 MiB, MB/s", 158.4, 211.2, Aim(Of.RATIO, 0.7, at_least=True)),
    Figure("1,024 MiB, peak RSS, MiB", 1_234_567.0, 0.0, Aim(Of.EXCESS, 2000), {"runs": 3}),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_234_567.8, "1,234,568"), (99.96, "100.0"), (9.876, "9.88"), (0.0123, "0.012"), (0.0, "0.00"), (1 / 3, "0.333")],
)
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_what_is_no_number_is_a_dash() -> None:
    assert (number(float("inf")), number(float("nan"))) == ("-", "-")


def test_a_figure_is_one_line() -> None:
    lines = table([Outcome(CLAIM, FIGURES, 0.1)]).splitlines()
    assert lines[1] == "Upload through the gateway, beside a peer"
    assert " ".join(lines[3].split()) == "1,024 MiB, MB/s 158 211 0.75 ratio >= 0.7 met"
    assert " ".join(lines[4].split()) == "1,024 MiB, peak RSS, MiB 1,234,567 0.00 - <= peer + 2000 missed"


def test_the_table_fits_80_columns() -> None:
    failed = Outcome(CLAIM, (), 0.1, error="WrongAnswerError: " + "x" * 200)
    outcomes = [Outcome(claim, FIGURES, 0.1) for claim in CLAIMS]
    assert max(len(line) for line in table([*outcomes, failed]).splitlines()) <= WIDTH


def test_no_title_is_cut() -> None:
    assert "…" not in table([Outcome(claim, FIGURES, 0.1) for claim in CLAIMS])


def test_a_claim_that_failed_shows_no_figure() -> None:
    lines = table([Outcome(CLAIM, (), 0.1, error="WrongAnswerError: 3 rows, not 4")]).splitlines()
    assert lines[2:] == ["  NO FIGURE: WrongAnswerError: 3 rows, not 4"]


def test_the_document_has_every_figure_and_no_infinity(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figures.json"
    write(path, document([Outcome(CLAIM, FIGURES, 0.1)], measured_on=date(2026, 1, 2), quick=False))
    body = json.loads(path.read_text())
    (claim,) = body["claims"]
    assert (body["measured_on"], body["quick"], claim["name"], claim["error"]) == ("2026-01-02", False, "upload", None)
    assert claim["figures"][0] == {
        "name": "1,024 MiB, MB/s",
        "ours": 158.4,
        "peer": 211.2,
        "ratio": 0.75,
        "aim": "ratio >= 0.7",
        "verdict": "met",
    }
    assert (claim["figures"][1]["ratio"], claim["figures"][1]["runs"]) == (None, 3)


def test_the_machine_is_described_and_not_named() -> None:
    machine = document([], measured_on=date(2026, 1, 2), quick=True)["machine"]
    assert set(machine) == {"cores", "memory_gib", "architecture", "python"}
