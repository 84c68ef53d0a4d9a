"""Every example of `docs/examples/` through the whole chain: Druid is given its spec, and finds its answer."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.druid import HASH_KEY
from tests.e2e.installation import Installation
from tests.examples import BUCKET, EXAMPLES, RUN_ID, TASK_ID, Example

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_an_example_does_what_it_tells(installation: Installation, example: Example) -> None:
    datasource = installation.datasource()
    told = example.contract.datasource
    put(
        installation,
        datasource,
        once(example.text("contract.yaml"), f"datasource: {told}", f"datasource: {datasource}"),
    )
    for name, rows in example.files.items():
        task_id = installation.upload(example.folder / name, datasource, filename=name)
        installation.completed(task_id, read=rows)
    assert frozen(installation, task_id, datasource=datasource, told=told) == without_hash(
        json.loads(example.text("spec.json"))
    )
    query = once(example.text("query.sql"), f'FROM "{told}"', f'FROM "{datasource}"')
    assert installation.sql(query) == example.answer
    checked = json.loads(installation.command("spec", task_id, "--check", "-o", "json").stdout)
    assert (checked["equal"], checked["rows_compared"]) == (True, rows)


def once(text: str, found: str, put_there: str) -> str:
    """The text with something else in the one line that ends with what is looked for."""
    assert text.count(f"{found}\n") == 1
    return text.replace(f"{found}\n", f"{put_there}\n")


def put(installation: Installation, datasource: str, contract: str) -> None:
    answer = installation.http.put(
        f"/api/ingest/datasources/{datasource}", content=contract, headers={"content-type": "application/yaml"}
    )
    assert answer.is_success, answer.text


def frozen(installation: Installation, task_id: str, *, datasource: str, told: str) -> dict[str, Any]:
    """What Druid was given, with the names of the example in place of those that differ with every load."""
    text = re.sub(
        rf"validated/{task_id}/\w+/", f"validated/{TASK_ID}/{RUN_ID}/", json.dumps(installation.spec(task_id))
    )
    for drawn, written in ((task_id, TASK_ID), (datasource, told), (installation.bucket, BUCKET)):
        text = text.replace(drawn, written)
    return without_hash(json.loads(text))


def without_hash(task: dict[str, Any]) -> dict[str, Any]:
    """The hash is of everything else, so of the names too."""
    del task["context"][HASH_KEY]
    return task
