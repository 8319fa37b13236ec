"""What holders of accounts contest, and what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "appeals",
        sa.Column("appeal_id", sa.String(length=128), nullable=False),
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("read_id", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.Float(), nullable=True),
        sa.Column("erased_reason", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.Column("verdict_id", sa.String(length=128), nullable=True),
        sa.Column("sent_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_appeals_alert_id_alerts")),
        sa.ForeignKeyConstraint(["read_id"], ["reads.read_id"], name=op.f("fk_appeals_read_id_reads")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_alert_id", "appeals", ["alert_id"], unique=False)
    op.create_index("ix_appeals_read_id", "appeals", ["read_id"], unique=False)
    op.create_index("ix_appeals_sent_at", "appeals", ["sent_at", "decided_at"], unique=False)
