"""What people decided about weights, and what the topic said of it last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "weights",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("adjustment", sa.Text(), nullable=True),
        sa.Column("learnt_on", sa.String(length=64), nullable=True),
        sa.Column("former", sa.BigInteger(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_weights")),
    )
    op.create_index("ix_weights_stage", "weights", ["stage", "number"], unique=False)
    op.create_table(
        "weights_topic",
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", name=op.f("pk_weights_topic")),
    )
