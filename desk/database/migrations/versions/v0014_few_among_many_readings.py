"""One person's exercises, and appeals, are found without reading every reading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    for name, columns, which in (
        ("ix_reads_only_for", ["only_for", "state", "alert_id"], sa.text("only_for IS NOT NULL")),
        ("ix_reads_appeals", ["kind", "state", "alert_id", "read_id"], sa.text("kind = 'appeal'")),
    ):
        op.create_index(name, "reads", columns, unique=False, sqlite_where=which, postgresql_where=which)
