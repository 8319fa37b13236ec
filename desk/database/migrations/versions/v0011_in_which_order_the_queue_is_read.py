"""In which order the queue is read: by age, too."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0008"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_index("ix_reads_age", "reads", ["state", "waits_since", "read_id"], unique=False)
