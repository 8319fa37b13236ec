"""How the queue is read: by age, too, and by views that readers save."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_index("ix_reads_age", "reads", ["state", "waits_since", "read_id"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.String(length=8192), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_saved_views_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_saved_views")),
    )
