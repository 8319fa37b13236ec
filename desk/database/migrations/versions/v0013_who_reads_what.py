"""Which policies somebody reads, and which saved views a team shares."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "reader_policies",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_reader_policies_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "policy", name=op.f("pk_reader_policies")),
    )
    op.add_column("saved_views", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
