"""The evidence of an alert as it was when somebody decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "decided_evidence",
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
        sa.Column("erased_at", sa.Float(), nullable=True),
        sa.Column("erased_reason", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_decided_evidence_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "revision", name=op.f("pk_decided_evidence")),
    )
    # Of what was decided before, what the decision rests on is known where the alert has not changed since.
    op.execute("""
        INSERT INTO decided_evidence (alert_id, revision, payload, kept_at)
        SELECT evidence.alert_id, decided.revision, evidence.payload, decided.kept_at
        FROM evidence
        JOIN alerts ON alerts.alert_id = evidence.alert_id
        JOIN (
            SELECT alert_id, revision, MIN(decided_at) AS kept_at
            FROM verdicts
            WHERE undone_at IS NULL AND NOT golden AND kind NOT IN ('elsewhere', 'take-back')
            GROUP BY alert_id, revision
        ) AS decided ON decided.alert_id = alerts.alert_id AND decided.revision = alerts.revision
        WHERE alerts.status = 'open' AND evidence.erased_at IS NULL
    """)
