"""How much somebody read, as counts by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "exposures",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("uncovered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_exposures_user_id")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_exposures")),
    )
    op.create_index("ix_exposures_day", "exposures", ["day"], unique=False)
