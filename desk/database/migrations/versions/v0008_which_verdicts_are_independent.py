"""Which verdicts were given without knowing those of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.add_column("verdicts", sa.Column("independent", sa.Boolean(), nullable=True))
