"""One file per claim; this is their order."""

from __future__ import annotations

from benchmarks.claim import Claim
from benchmarks.claims import flights, idle, operations, small_file, status, upload, validator

CLAIMS: tuple[Claim, ...] = (
    upload.CLAIM,
    small_file.CLAIM,
    flights.CLAIM,
    status.CLAIM,
    validator.CLAIM,
    idle.CLAIM,
    operations.CLAIM,
)
