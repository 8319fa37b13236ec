"""What the lead's figures group and weigh by; null of alerts that came before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.add_column("alerts", sa.Column("stratum", sa.Integer(), nullable=True))
    op.add_column("alerts", sa.Column("script", sa.String(length=16), nullable=True))
    op.add_column("alerts", sa.Column("signals", sa.String(length=512), nullable=True))
    op.add_column("alerts", sa.Column("seconds_to_detect", sa.Float(), nullable=True))
