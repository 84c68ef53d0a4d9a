"""A datasource's contract, from PUT to the rows that Druid counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e

CONTRACT = """\
format_version: 1
datasource: {datasource}
columns:
  - {{name: at, type: timestamp, role: time, nullable: false}}
  - {{name: id, type: long, nullable: false, unique: true}}
  - {{name: city, type: text, checks: {{enum: [{cities}]}}}}
rules:
  - {{name: id_is_positive, expression: id > 0}}
"""
BAD = {50: ("49", "Kiel"), 60: ("60", "Oslo"), 70: ("-70", "Rome"), 80: ("eighty", "Rome")}


def rows() -> bytes:
    """A hundred rows; record 50 has the id of 49, 60 another city, 70 a negative id, and 80 none that is a number."""
    lines = ["at,id,city"]
    for record in range(1, 101):
        number, city = BAD.get(record, (str(record), "Kiel"))
        lines.append(f"2026-01-01T00:{record % 60:02d}:00Z,{number},{city}")
    return "\n".join(lines).encode()


def put(installation: Installation, datasource: str, cities: str, **headers: str) -> int:
    answer = installation.http.put(
        f"/api/ingest/datasources/{datasource}",
        content=CONTRACT.format(datasource=datasource, cities=cities),
        headers={"content-type": "application/yaml", **headers},
    )
    assert answer.is_success, answer.text
    version: int = answer.json()["version"]
    return version


def broken(installation: Installation, task: dict[str, Any]) -> dict[int, str]:
    return {reject["record"]: reject["errors"][0]["code"] for reject in installation.rejects(task["task_id"])}


def test_each_file_is_judged_by_the_version_of_its_contract(installation: Installation) -> None:
    datasource = installation.datasource()
    assert put(installation, datasource, "Kiel, Rome") == 1
    first = installation.upload(rows(), datasource)
    task = installation.completed(first, read=100, rejected=4)
    assert task["contract_version"] == 1
    found = broken(installation, task)
    assert set(found) == set(BAD)
    assert len(set(found.values())) == len(BAD), found  # each by a rule of its own
    assert installation.count(datasource) == 96

    latest = installation.http.get(f"/api/ingest/datasources/{datasource}").headers["etag"]
    assert put(installation, datasource, "Kiel, Rome, Oslo", **{"if-match": latest}) == 2
    second = installation.completed(installation.upload(rows(), datasource), read=100, rejected=3)
    assert (second["contract_version"], 60 in broken(installation, second)) == (2, False)
    again = installation.upload(rows(), datasource, contract_version="1", force="true")  # the bytes of the first
    assert installation.completed(again, read=100, rejected=4)["contract_version"] == 1
    assert installation.count(datasource) == 96 + 97 + 96
