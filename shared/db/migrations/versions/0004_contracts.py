"""Versions of contracts: those that the gateway took, those that the validator heard, and which one judges a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PINNED = ("uploads", "validation_jobs", "ingestion_tasks")


def upgrade() -> None:
    op.create_table(
        "datasources",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "name", "version", name="pk_datasources"),
    )
    op.create_table(
        "contracts",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("datasource_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "datasource_name", "version", name="pk_contracts"),
    )
    for table in _PINNED:
        op.add_column(table, sa.Column("contract_version", sa.Integer()))
    op.add_column("validation_jobs", sa.Column("contract_missed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("validation_jobs", "contract_missed_at")
    for table in reversed(_PINNED):
        op.drop_column(table, "contract_version")
    op.drop_table("contracts")
    op.drop_table("datasources")
