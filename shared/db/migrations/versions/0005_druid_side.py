"""What the Druid side tells of a task: its plan, its spec, whose copy it is, what it took back, later counts."""

from __future__ import annotations

from typing import Any

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
_KEPT_OF_A_TURN: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("ended_as", sa.String(16)),
    ("source_sha256", sa.String(64)),
    ("contract_version", sa.Integer()),
    ("undone_by", sa.String(22)),
    ("replaced", postgresql.JSONB()),
)


def upgrade() -> None:
    for name, kind in _SHOWN:
        op.add_column("ingestion_tasks", sa.Column(name, kind))
    op.create_index("ix_ingestion_tasks_undoes", "ingestion_tasks", ["undoes"])
    for name, kept_as in _KEPT_OF_A_TURN:
        op.add_column("load_turns", sa.Column(name, kept_as))
    no = sa.text("false")
    op.add_column("load_turns", sa.Column("is_correction", sa.Boolean(), nullable=False, server_default=no))
    op.create_index("ix_load_turns_source_sha256", "load_turns", ["source_sha256"])
    op.add_column("submissions", sa.Column("outcome", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("submissions", "outcome")
    op.drop_index("ix_load_turns_source_sha256", "load_turns")
    for name in ("is_correction", *(name for name, _ in reversed(_KEPT_OF_A_TURN))):
        op.drop_column("load_turns", name)
    op.drop_index("ix_ingestion_tasks_undoes", "ingestion_tasks")
    for name, _ in reversed(_SHOWN):
        op.drop_column("ingestion_tasks", name)
