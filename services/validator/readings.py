"""How accepted files were read, as the validator keeps it for those who correct them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.validator.engine import Accepted, ExpectedColumn
from shared.db.engine import Database
from shared.db.models import ValidationJob


class Reading(BaseModel):
    """How one file was read, and, for a correction, which records its good rows stand for (None: not all say so).

    `rejects_key` is where its bad rows are.
    """

    model_config = ConfigDict(frozen=True)

    columns: tuple[ExpectedColumn, ...]
    rejects_key: str | None
    corrected: str | None = None


def reading_of(verdict: Accepted, *, rejects_key: str | None) -> dict[str, Any]:
    """What is kept of an accepted file."""
    kept = Reading(columns=verdict.reading, rejects_key=rejects_key, corrected=verdict.corrected_records)
    return kept.model_dump(mode="json")


class Readings:
    """The validator's own table, by task."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, task_ids: tuple[str, ...]) -> dict[str, Reading]:
        """What is kept of these tasks; one that was never accepted, or by a release before, is not there.

        Raises:
            DatabaseAwayError: it cannot be told.
        """
        asking = (
            select(ValidationJob.task_id, ValidationJob.reading)
            .where(ValidationJob.task_id.in_(task_ids), ValidationJob.reading.is_not(None))
            .order_by(ValidationJob.attempt)  # of several attempts the last one counts
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(asking)).all()
        return {row.task_id: Reading.model_validate(row.reading) for row in rows}
