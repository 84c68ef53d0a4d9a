"""The validator as people run it, and files that are meant to harm it: it stays small, and goes on at once."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

import pytest

from shared.storage.s3 import S3ObjectStore
from tests.integration.validator.conftest import Validator
from tests.verdicts.cases.hostile import HOSTILE, MIB
from tests.verdicts.processes import alive, process_file, settled, started_child, until

GOOD = b"ts,a\n" + b"2024-01-01,1\n" * 1_000
# As docs/validation.md says.
RSS_GROWTH_BYTES = 32 * MIB
NEXT_WITHIN_SECONDS = 5.0
CHOSEN = (
    "gzip: a bomb",
    "zip: members that share their bytes",
    "tar: a hole of 8 GiB",
    "xlsx: entities that grow to 2 TB",
    "parquet: a page of 700 MB",
    "parquet: a footer that lies about the rows",
    "avro: an array of 2^40 nulls",
    "delimited: a million columns",
    "delimited: a field of 100 MB",
    "json: a million deep",
)


async def last_word(validator: Validator, task_id: str, *, seconds: float = 90) -> dict[str, Any]:
    """The event that ends the task as far as the validator is concerned."""

    def word(value: bytes | None) -> dict[str, Any]:
        return dict(json.loads(value or b"{}"))

    def ends(value: bytes | None) -> bool:
        said = word(value)
        return said.get("task_id") == task_id and said.get("status") != "VALIDATING"

    (record,) = await validator.said.until(lambda record: ends(record.value), seconds=seconds)
    return word(record.value)


def tries(validator: Validator, task_id: str) -> int:
    """How often the validator has begun to read the file."""
    said = [json.loads(record.value or b"{}") for record in validator.said.items]
    return sum(one["task_id"] == task_id and one.get("status") == "VALIDATING" for one in said)


@pytest.mark.timeout(300)
async def test_it_stays_small_and_the_next_file_is_judged_at_once(validator: Validator) -> None:
    assert (await last_word(validator, await validator.send(GOOD)))["rows_accepted"] == 1_000
    before = validator.rss_bytes()
    files = {case.name: case for case in HOSTILE}
    for name in CHOSEN:
        said = await last_word(validator, await validator.send(files[name].make()))
        assert (said["status"], said["reason"]) == ("REJECTED", files[name].rule), said
        assert tries(validator, said["task_id"]) == 1
        sent = time.monotonic()
        said = await last_word(validator, await validator.send(GOOD))
        took, grown = time.monotonic() - sent, validator.rss_bytes() - before
        print(f"{name}: then {took:.2f} s, {grown / MIB:+.1f} MiB")  # noqa: T201 - figures for the reader
        assert said["rows_accepted"] == 1_000
        assert took < NEXT_WITHIN_SECONDS
        assert grown < RSS_GROWTH_BYTES


@pytest.mark.timeout(120)
async def test_a_child_that_dies_three_times_is_our_fault_and_knew_no_secret(
    validator: Validator, store: S3ObjectStore
) -> None:
    secret = store.settings.aws_secret_access_key
    assert secret is not None
    task_id = await validator.send(b"ts,a\n" + b"2024-01-01T00:00:00Z,some text\n" * 2_000_000)
    for _ in range(3):
        child = await started_child(validator.process.pid)
        environment = process_file(child, "environ")
        assert b"PYTHONPATH" in environment
        assert secret.get_secret_value().encode() not in environment
        assert b"DB_" not in environment
        await settled(child)
        os.kill(child, signal.SIGKILL)
        async for _ in until(10):
            if not alive(child):
                break
    said = await last_word(validator, task_id)
    assert (said["status"], said["reason"]) == ("FAILED", "validator_died")
    assert tries(validator, task_id) == 3
    assert "a fault of the service, not of the file" in said["problems"][0]["message"]
    assert (await last_word(validator, await validator.send(GOOD)))["rows_accepted"] == 1_000
