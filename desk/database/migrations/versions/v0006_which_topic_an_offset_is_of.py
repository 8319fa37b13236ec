"""Which topic an offset is of, since another one may come to bear its name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.add_column("offsets", sa.Column("topic_id", sa.String(length=36), nullable=True))
