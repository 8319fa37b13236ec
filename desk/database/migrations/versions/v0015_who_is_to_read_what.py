"""To whom a reading is assigned, from which queue an alert was moved, whose view it is, and who reads all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.add_column("reads", sa.Column("assigned_to", sa.String(length=32)))
    assigned = sa.text("assigned_to IS NOT NULL")
    op.create_index(
        "ix_reads_assigned_to",
        "reads",
        ["assigned_to", "state"],
        unique=False,
        sqlite_where=assigned,
        postgresql_where=assigned,
    )
    op.add_column("alerts", sa.Column("moved_from", sa.String(length=64)))
    op.add_column("users", sa.Column("team", sa.String(length=64)))
    op.add_column("saved_views", sa.Column("team", sa.String(length=64)))
    op.add_column("users", sa.Column("all_policies", sa.Boolean(), nullable=False, server_default=sa.true()))
    # Until now nobody's list was empty: that stood for all policies.
    op.execute(
        sa.text(
            "UPDATE users SET all_policies = false WHERE user_id IN (SELECT user_id FROM reader_policies)"
        )
    )
