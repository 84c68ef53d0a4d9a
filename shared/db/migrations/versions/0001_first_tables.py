"""The first tables of every service."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _gateway()
    _validator()
    _submitter()
    _monitor()
    _projector()


def downgrade() -> None:
    for table in (
        "task_history",
        "task_attempts",
        "ingestion_tasks",
        "druid_watch",
        "load_turns",
        "submissions",
        "validation_jobs",
        "outbox",
        "uploads",
    ):
        op.drop_table(table)


def _gateway() -> None:
    op.create_table(
        "uploads",
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("datasource_name", sa.Text(), nullable=False),
        sa.Column("original_filename", sa.Text()),
        sa.Column("user_id", sa.Text()),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("file_uri", sa.Text(), nullable=False),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("etag", sa.Text()),
        _now("created_at"),
        _time("stored_at"),
        sa.PrimaryKeyConstraint("task_id", name="pk_uploads"),
    )
    receiving = sa.text("state = 'RECEIVING'")
    op.create_index("ix_uploads_receiving", "uploads", ["created_at"], postgresql_where=receiving)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("headers", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )


def _validator() -> None:
    _inbox("validation_jobs", sa.Column("outcome", JSONB()))


def _submitter() -> None:
    _inbox(
        "submissions",
        sa.Column("phase", sa.String(16), server_default="WAITING", nullable=False),
        sa.Column("druid_task_id", sa.Text()),
        sa.Column("spec", JSONB()),
        sa.Column("spec_hash", sa.String(64)),
        _time("posting_at"),
        sa.UniqueConstraint("druid_task_id", name="uq_submissions_druid_task_id"),
    )
    op.create_table(
        "load_turns",
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("tenant", sa.Text()),
        sa.Column("datasource_name", sa.Text()),
        sa.Column("mode", sa.String(16)),
        _time("accepted_at"),
        _time("ended_at"),
        sa.PrimaryKeyConstraint("task_id", name="pk_load_turns"),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index("ix_load_turns_open", "load_turns", ["tenant", "datasource_name"], postgresql_where=still_open)


def _monitor() -> None:
    _inbox(
        "druid_watch",
        sa.Column("druid_status", sa.String(16)),
        sa.Column("rows_processed", sa.BigInteger()),
        sa.Column("rows_lost", sa.BigInteger()),
        sa.Column("druid_error", sa.Text()),
        _time("ended_at"),
        _time("missing_since"),
        _counter("progress"),
        sa.Column("refreshed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("loaded_at"),
    )


def _projector() -> None:
    op.create_table(
        "ingestion_tasks",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("tenant", sa.Text(), server_default="default", nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("user_id", "datasource_name", "original_filename", "file_uri")),
        sa.Column("status", sa.String(16), server_default="PENDING", nullable=False),
        sa.Column("status_reason", sa.Text()),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("druid_task_id", sa.Text()),
        *(_time(name) for name in ("created_at", "updated_at", "started_at", "completed_at")),
        sa.Column("error_message", sa.Text()),
        sa.Column("validation_errors", JSONB()),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("row_count", sa.Integer()),
        sa.Column("mode", sa.String(16)),
        *(sa.Column(f"rows_{name}", sa.BigInteger()) for name in ("read", "accepted", "rejected", "so_far")),
        sa.Column("ledger", JSONB()),
        sa.Column("report_key", sa.Text()),
        sa.Column("rejects_key", sa.Text()),
        _time("time_min"),
        _time("time_max"),
        sa.Column("states", JSONB()),
        sa.PrimaryKeyConstraint("id", name="pk_ingestion_tasks"),
        sa.UniqueConstraint("task_id", name="uq_ingestion_tasks_task_id"),
    )
    op.create_table(
        "task_attempts",
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("druid_task_id", sa.Text()),
        _time("started_at"),
        _time("ended_at"),
        sa.Column("error_message", sa.Text()),
        sa.Column("ledger", JSONB()),
        sa.PrimaryKeyConstraint("task_id", "attempt", name="pk_task_attempts"),
    )
    op.create_table(
        "task_history",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_task_history"),
    )
    op.create_index("ix_task_history_task_id", "task_history", ["task_id"])


def _inbox(table: str, *own: Any) -> None:
    """A worker service's inbox: the columns that every one has, then its own columns and constraints."""
    op.create_table(
        table,
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("task_id", sa.String(22), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event", JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        _counter("lane"),
        sa.Column("wait_reason", sa.Text()),
        _now("available_at"),
        sa.Column("lease_owner", sa.Text()),
        _time("lease_until"),
        _counter("deaths"),
        _counter("tries"),
        _now("created_at"),
        _time("done_at"),
        *own,
        sa.PrimaryKeyConstraint("event_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_task_id", table, ["task_id"])
    op.create_index(f"ix_{table}_open", table, ["available_at"], postgresql_where=sa.text("done_at IS NULL"))


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _counter(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)
