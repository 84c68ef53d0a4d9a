"""What a line keeps of its loads: what they load, how they have ended, what they replaced, who has taken them back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEPT: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("ended_as", sa.String(16)),
    ("source_sha256", sa.String(64)),
    ("contract_version", sa.Integer()),
    ("undone_by", sa.String(22)),
    ("replaced", postgresql.JSONB()),
)
_SAID = ("is_correction", "once")


def upgrade() -> None:
    for name, kind in _KEPT:
        op.add_column("load_turns", sa.Column(name, kind))
    for name in _SAID:
        no = sa.text("false")
        op.add_column("load_turns", sa.Column(name, sa.Boolean(), nullable=False, server_default=no))
    op.create_index("ix_load_turns_source_sha256", "load_turns", ["source_sha256"])


def downgrade() -> None:
    op.drop_index("ix_load_turns_source_sha256", "load_turns")
    for name in (*reversed(_SAID), *(name for name, _ in reversed(_KEPT))):
        op.drop_column("load_turns", name)
