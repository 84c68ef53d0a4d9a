"""A watch keeps the end that it has reached, and counts how often its task was posted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("druid_watch", sa.Column("reposts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("druid_watch", sa.Column("outcome", JSONB()))


def downgrade() -> None:
    op.drop_column("druid_watch", "outcome")
    op.drop_column("druid_watch", "reposts")
