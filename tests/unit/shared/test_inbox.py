from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import Database, DatabaseSettings
from shared.db.models import ValidationJob
from shared.events import DatasourceUpdated
from shared.inbox import Inbox
from shared.kafka.envelope import Received


async def test_an_event_that_is_about_no_task_has_no_row() -> None:
    event = DatasourceUpdated(
        datasource_name="sales", version=1, contract="", sha256="", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    database = Database(DatabaseSettings(port=1))
    inbox = Inbox(database, ValidationJob, owner="test", lease_for=timedelta(seconds=1))
    with pytest.raises(TypeError, match=r"ingest\.datasource\.updated\.v1 is about none"):
        await inbox.put(cast("AsyncConnection", None), Received(event, event.event_id))
