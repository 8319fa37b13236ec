"""Waves, who is in them, and whom a verdict on one leaves out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "waves",
        sa.Column("wave_id", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("withdrawn_reason", sa.String(length=64), nullable=True),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_waves")),
    )
    op.create_index("ix_waves_began_at", "waves", ["began_at", "wave_id"], unique=False)
    op.create_table(
        "wave_members",
        sa.Column("wave_id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.wave_id"], name=op.f("fk_wave_members_wave_id_waves")),
        sa.PrimaryKeyConstraint("wave_id", "account", name=op.f("pk_wave_members")),
    )
    op.create_index("ix_wave_members_account", "wave_members", ["account"], unique=False)
    op.create_table(
        "wave_exceptions",
        sa.Column("verdict_id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.PrimaryKeyConstraint("verdict_id", "account", name=op.f("pk_wave_exceptions")),
    )
