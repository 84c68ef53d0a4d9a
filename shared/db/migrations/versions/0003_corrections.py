"""Corrected rows: what they correct, how the corrected file was read, what was decided about its gap."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("corrects", sa.String(22)))
    op.create_table(
        "correction_decisions",
        sa.Column("parent_task_id", sa.String(22), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("child_task_id", sa.String(22)),
        sa.Column("waivers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived_records", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("parent_task_id", name="pk_correction_decisions"),
    )
    op.add_column("validation_jobs", sa.Column("reading", JSONB()))
    op.add_column("ingestion_tasks", sa.Column("corrects", sa.String(22)))
    op.add_column("ingestion_tasks", sa.Column("rejected_records", sa.Text()))
    op.add_column("ingestion_tasks", sa.Column("corrected_records", sa.Text()))
    op.add_column("ingestion_tasks", sa.Column("rows_waived", sa.BigInteger()))
    op.add_column("ingestion_tasks", sa.Column("waived_records", sa.Text()))
    op.create_index("ix_ingestion_tasks_corrects", "ingestion_tasks", ["corrects"])


def downgrade() -> None:
    op.drop_index("ix_ingestion_tasks_corrects", table_name="ingestion_tasks")
    for name in ("waived_records", "rows_waived", "corrected_records", "rejected_records", "corrects"):
        op.drop_column("ingestion_tasks", name)
    op.drop_column("validation_jobs", "reading")
    op.drop_table("correction_decisions")
    op.drop_column("uploads", "corrects")
