"""Bans that were lifted, whose descendants a lead is to look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "family_reviews",
        sa.Column("banned", sa.String(length=289), nullable=False),
        sa.Column("lifted_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("banned", name=op.f("pk_family_reviews")),
    )
    op.create_index("ix_family_reviews_closed_at", "family_reviews", ["closed_at", "lifted_at"])
