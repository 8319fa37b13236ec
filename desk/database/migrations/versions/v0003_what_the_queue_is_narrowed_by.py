"""Each value that the queue can be narrowed by is found without reading every alert."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    for column in ("policy", "platform", "basis", "language"):
        op.create_index(f"ix_alerts_{column}", "alerts", [column], unique=False)
