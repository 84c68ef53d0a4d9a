"""API keys, and whose a datasource is; what is there already belongs to whoever has sent it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("datasources", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.Column("expires_at", moment),
        sa.Column("revoked_at", moment),
        sa.Column("last_used_at", moment),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_tenant", "api_keys", ["tenant"])
    op.create_table(
        "datasource_owners",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("claimed_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_datasource_owners"),
    )
    op.execute(
        "INSERT INTO datasource_owners (name, tenant) SELECT DISTINCT ON (name) name, tenant FROM ("
        "SELECT name, tenant, created_at FROM datasources UNION ALL "
        "SELECT datasource_name, tenant, created_at FROM uploads WHERE state = 'STORED') AS used "
        "ORDER BY name, created_at"
    )


def downgrade() -> None:
    op.drop_table("datasource_owners")
    op.drop_index("ix_api_keys_tenant", "api_keys")
    op.drop_table("api_keys")
