"""What the Druid side tells of a task: its plan, its spec, whose copy it is, what it took back, later counts.

And what is asked of a task that is under way, or has ended: to cancel it, to try it again, to count it again.
"""

from __future__ import annotations

from datetime import datetime

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
    _add_commands()


def downgrade() -> None:
    _drop_commands()
    op.drop_index("ix_ingestion_tasks_undoes", "ingestion_tasks")
    for name, _ in reversed(_SHOWN):
        op.drop_column("ingestion_tasks", name)


_HEARD_COMMANDS = ("validation_commands", "submission_commands", "watch_commands")
_COMMAND_COLUMNS = (
    ("validation_jobs", "runs"),
    ("load_turns", "attempt"),
    ("submissions", "outcome"),
    ("druid_watch", "cancel_asked_at"),
)


def _add_commands() -> None:
    op.create_table(
        "given_commands",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        _now("given_at"),
        sa.PrimaryKeyConstraint("event_id", name="pk_given_commands"),
    )
    op.create_index("ix_given_commands_task_id", "given_commands", ["task_id"])
    for table in _HEARD_COMMANDS:
        op.create_table(
            table,
            sa.Column("task_id", sa.String(22), nullable=False),
            sa.Column("attempt", sa.Integer(), nullable=False),
            sa.Column("command", sa.String(16), nullable=False),
            sa.Column("body", postgresql.JSONB(), nullable=False),
            _now("heard_at"),
            sa.PrimaryKeyConstraint("task_id", "attempt", "command", name=f"pk_{table}"),
        )
    op.add_column("validation_jobs", sa.Column("runs", postgresql.JSONB()))
    op.add_column("load_turns", sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    op.add_column("submissions", sa.Column("outcome", postgresql.JSONB()))
    op.add_column("druid_watch", sa.Column("cancel_asked_at", sa.DateTime(timezone=True)))
    _add_verifications()


def _add_verifications() -> None:
    op.create_table(
        "verifications",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event", postgresql.JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        sa.Column("lane", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wait_reason", sa.Text()),
        _now("available_at"),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _now("created_at"),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("event_id", name="pk_verifications"),
    )
    op.create_index("ix_verifications_task_id", "verifications", ["task_id"])
    still_open = sa.text("done_at IS NULL")
    op.create_index("ix_verifications_open", "verifications", ["available_at"], postgresql_where=still_open)


def _drop_commands() -> None:
    for table in ("verifications", *_HEARD_COMMANDS, "given_commands"):
        op.drop_table(table)
    for table, column in _COMMAND_COLUMNS:
        op.drop_column(table, column)


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
