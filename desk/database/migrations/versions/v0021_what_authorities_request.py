"""Lawful requests, and what is preserved for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "requests",
        sa.Column("request_id", _SERIAL, nullable=False),
        sa.Column("authority", sa.String(length=128), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("legal_basis", sa.String(length=256), nullable=False),
        sa.Column("jurisdiction", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("deadline", sa.Float(), nullable=False),
        sa.Column("entered_at", sa.Float(), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("approved_at", sa.Float(), nullable=True),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("hold_until", sa.Float(), nullable=False),
        sa.Column("hold_ended_at", sa.Float(), nullable=True),
        sa.Column("hold_ended_by", sa.String(length=32), nullable=True),
        sa.Column("hold_ended_reason", sa.String(length=64), nullable=True),
        sa.CheckConstraint("approved_by <> entered_by", name="two_people"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_requests_hold_until", "requests", ["hold_ended_at", "hold_until"], unique=False)
    op.create_index("ix_requests_closed_at", "requests", ["closed_at", "deadline"], unique=False)
    op.create_index("ix_requests_received_at", "requests", ["received_at"], unique=False)
    op.create_index("ix_requests_reference", "requests", ["reference"], unique=False)
    op.create_table(
        "request_accounts",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_request_accounts_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "account", name=op.f("pk_request_accounts")),
    )
    op.create_index("ix_request_accounts_account", "request_accounts", ["account"], unique=False)
    op.create_table(
        "request_files",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=289), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("handed_over_at", sa.Float(), nullable=True),
        sa.Column("handed_over_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_request_files_request_id")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_request_files_alert_id")),
        sa.PrimaryKeyConstraint("request_id", "digest", name=op.f("pk_request_files")),
    )
    op.create_table(
        "held_copies",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.Float(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.Float(), nullable=True),
        sa.Column("erased_reason", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_held_copies_request_id")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_held_copies_alert_id")),
        sa.PrimaryKeyConstraint("request_id", "alert_id", "kind", "key", name=op.f("pk_held_copies")),
    )
    op.create_index("ix_held_copies_alert_id", "held_copies", ["alert_id"], unique=False)
