"""Which alerts share a value, by its keyed digests, and which values leads put in quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "alert_values",
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.Column("signal", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_alert_values_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "digest", name=op.f("pk_alert_values")),
    )
    op.create_index("ix_alert_values_digest", "alert_values", ["digest", "value"], unique=False)
    op.create_index("ix_alert_values_value", "alert_values", ["value", "digest"], unique=False)
    op.create_table(
        "quarantines",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=20), nullable=False),
        sa.Column("signal", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_quarantines")),
    )
    op.create_index("ix_quarantines_digest", "quarantines", ["digest", "number"], unique=False)
