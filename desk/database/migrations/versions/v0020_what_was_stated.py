"""Which actions were stated to the Commission's database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "statements",
        sa.Column("destination", sa.String(length=256), nullable=False),
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("puid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("claimed_by", sa.String(length=32), nullable=True),
        sa.Column("claimed_until", sa.Float(), nullable=True),
        sa.Column("uuid", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("destination", "account", "event_id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_puid", "statements", ["destination", "puid"], unique=True)
    op.create_index("ix_statements_state", "statements", ["destination", "state", "not_before"], unique=False)
