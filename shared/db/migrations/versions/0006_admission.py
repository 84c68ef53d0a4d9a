"""What the admission of loads decides over: the slots that a load uses, what it was told, when it left Druid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("slots", sa.Integer(), server_default="1", nullable=False))
    op.add_column("submissions", sa.Column("hold", sa.Text()))
    op.add_column("submissions", sa.Column("reports", sa.Integer(), server_default="0", nullable=False))
    op.add_column("submissions", sa.Column("reported_at", sa.DateTime(timezone=True)))
    op.add_column("submissions", sa.Column("left_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    for name in ("left_at", "reported_at", "reports", "hold", "slots"):
        op.drop_column("submissions", name)
