"""What the Druid side tells of a task: its plan, its spec, whose copy it is, what it took back, later counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SHOWN = (
    ("stop_after", sa.String(16)),
    ("plan", postgresql.JSONB()),
    ("spec_key", sa.Text()),
    ("duplicate_of", sa.String(22)),
    ("undoes", sa.String(22)),
    ("undone", postgresql.JSONB()),
    ("verified", postgresql.JSONB()),
)


def upgrade() -> None:
    for name, kind in _SHOWN:
        op.add_column("ingestion_tasks", sa.Column(name, kind))
    op.create_index("ix_ingestion_tasks_undoes", "ingestion_tasks", ["undoes"])


def downgrade() -> None:
    op.drop_index("ix_ingestion_tasks_undoes", "ingestion_tasks")
    for name, _ in reversed(_SHOWN):
        op.drop_column("ingestion_tasks", name)
