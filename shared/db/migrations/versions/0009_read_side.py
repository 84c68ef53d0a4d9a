"""The feed of events for those who listen, and the order of the list of tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LISTED = ("COALESCE(created_at, completed_at) DESC", "id DESC")


def upgrade() -> None:
    op.create_table(
        "event_feed",
        sa.Column("position", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", postgresql.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_event_feed"),
        sa.UniqueConstraint("event_id", name="uq_event_feed_event_id"),
    )
    op.create_index("ix_event_feed_of_task", "event_feed", ["task_id", "position"])
    op.execute(
        "INSERT INTO event_feed (event_id, task_id) SELECT event_id, task_id FROM task_history "
        "JOIN ingestion_tasks USING (task_id) ORDER BY occurred_at, event_id"
    )
    listed = [sa.text(expression) for expression in _LISTED]
    op.create_index("ix_ingestion_tasks_listed", "ingestion_tasks", ["tenant", *listed])
    op.create_index(
        "ix_ingestion_tasks_listed_of_datasource", "ingestion_tasks", ["tenant", "datasource_name", *listed]
    )


def downgrade() -> None:
    op.drop_index("ix_ingestion_tasks_listed_of_datasource", "ingestion_tasks")
    op.drop_index("ix_ingestion_tasks_listed", "ingestion_tasks")
    op.drop_index("ix_event_feed_of_task", "event_feed")
    op.drop_table("event_feed")
