"""What platforms did about accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "actions",
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("occurred_at", sa.Float(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("alert_id", sa.String(length=128), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at", sa.Float(), nullable=False),
        sa.Column("erased_at", sa.Float(), nullable=True),
        sa.Column("erased_reason", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("account", "event_id", name=op.f("pk_actions")),
    )
    op.create_index("ix_actions_erased_at", "actions", ["erased_at", "arrived_at"], unique=False)
    op.create_index("ix_actions_at", "actions", ["action", "at"], unique=False)
