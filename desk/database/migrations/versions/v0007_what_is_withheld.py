"""What the summaries of bans say: how many pairs got no alert of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "summaries",
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("banned", sa.String(length=289), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=True),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("withheld_likely", sa.Integer(), nullable=False),
        sa.Column("withheld_possible", sa.Integer(), nullable=False),
        sa.Column("detected_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_summaries")),
    )
