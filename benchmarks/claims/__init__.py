"""One file per claim; this is their order."""

from __future__ import annotations

from benchmarks.claim import Claim
from benchmarks.claims import (
    dialect,
    druid_load,
    druid_many,
    druid_small,
    flights,
    idle,
    lanes,
    operations,
    status,
    upload,
    validation,
    validation_bad,
    validation_flights,
    validation_frictionless,
    validator,
)

CLAIMS: tuple[Claim, ...] = (
    upload.CLAIM,
    druid_small.CLAIM,
    flights.CLAIM,
    druid_load.CLAIM,
    druid_many.CLAIM,
    status.CLAIM,
    validator.CLAIM,
    validation.CLAIM,
    validation_flights.CLAIM,
    validation_bad.CLAIM,
    validation_frictionless.CLAIM,
    dialect.CLAIM,
    lanes.CLAIM,
    idle.CLAIM,
    operations.CLAIM,
)
