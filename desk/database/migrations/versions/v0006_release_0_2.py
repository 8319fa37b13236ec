"""The tables of release 0.2.0, the first one with a desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("withdrawn_reason", sa.String(64)),
        sa.Column("account", sa.String(289), nullable=False),
        sa.Column("banned", sa.String(289), nullable=False),
        sa.Column("root", sa.String(289), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("band", sa.String(16), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("basis", sa.String(64)),
        sa.Column("queue", sa.String(64)),
        sa.Column("language", sa.String(16)),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("log_odds", sa.Float(), nullable=False),
        sa.Column("weights_version", sa.String(64), nullable=False),
        sa.Column("detected_at", sa.Float(), nullable=False),
        sa.Column("seconds_since_ban", sa.Float()),
        sa.Column("sampled", sa.Float()),
        sa.Column("stratum", sa.Integer()),
        sa.Column("script", sa.String(16)),
        sa.Column("signals", sa.String(512)),
        sa.Column("seconds_to_detect", sa.Float()),
        sa.Column("arrived_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    for column in ("account", "banned", "root", "detected_at", "policy", "platform", "basis", "language"):
        op.create_index(f"ix_alerts_{column}", "alerts", [column])
    op.create_table(
        "audit",
        sa.Column("number", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(289), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "heads",
        sa.Column("number", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("published_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_heads")),
    )
    op.create_table(
        "offsets",
        sa.Column("topic", sa.String(249), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.String(36)),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_offsets")),
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", _SERIAL, nullable=False),
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("taken_at", sa.Float()),
        sa.Column("sent_at", sa.Float()),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("verdict_id", name=op.f("uq_outbox_verdict_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at", "not_before"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("initials", sa.String(8), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(256)),
        sa.Column("subject", sa.String(512)),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("disabled_at", sa.Float()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Float(), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("subject", name=op.f("uq_users_subject")),
    )
    op.create_table(
        "verdicts",
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("reviewer", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("golden", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("read_id", sa.BigInteger()),
        sa.Column("batch", sa.String(32)),
        sa.Column("undone_at", sa.Float()),
        sa.Column("seen_on_topic_at", sa.Float()),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_verdicts")),
    )
    op.create_index("ix_verdicts_alert_id", "verdicts", ["alert_id", "decided_at"])
    op.create_index("ix_verdicts_batch", "verdicts", ["batch"])
    op.create_index("ix_verdicts_decided_at", "verdicts", ["decided_at"])
    op.create_index("ix_verdicts_reviewer", "verdicts", ["reviewer", "decided_at"])
    op.create_table(
        "evidence",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_evidence_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_erased_at", "evidence", ["erased_at"])
    op.create_table(
        "golden",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("set_by", sa.String(32), nullable=False),
        sa.Column("set_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_golden_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_golden")),
    )
    op.create_table(
        "links",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float()),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_links_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_links")),
    )
    op.create_table(
        "notes",
        sa.Column("note_id", _SERIAL, nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("written_at", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_notes_alert_id")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notes_alert_id", "notes", ["alert_id"])
    op.create_index("ix_notes_erased_at", "notes", ["erased_at", "written_at"])
    op.create_table(
        "reads",
        sa.Column("read_id", _SERIAL, nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("gone_reason", sa.String(64)),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("waits_since", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float()),
        sa.Column("verdict_id", sa.String(128)),
        sa.Column("only_for", sa.String(32)),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until", sa.Float()),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_reads_alert_id")),
        sa.PrimaryKeyConstraint("read_id", name=op.f("pk_reads")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reads_alert_id", "reads", ["alert_id"])
    op.create_index("ix_reads_claimed_by", "reads", ["claimed_by"])
    op.create_index("ix_reads_queue", "reads", ["state", "rank", "waits_since", "read_id"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "skips",
        sa.Column("read_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["read_id"], ["reads.read_id"], name=op.f("fk_skips_read_id")),
        sa.PrimaryKeyConstraint("read_id", "user_id", name=op.f("pk_skips")),
    )
    op.create_table(
        "exposures",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("uncovered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_exposures_user_id")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_exposures")),
    )
    op.create_index("ix_exposures_day", "exposures", ["day"])
    op.create_table(
        "weights",
        sa.Column("number", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("adjustment", sa.Text()),
        sa.Column("learnt_on", sa.String(64)),
        sa.Column("former", sa.BigInteger()),
        sa.Column("figures", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_weights")),
    )
    op.create_index("ix_weights_stage", "weights", ["stage", "number"])
    op.create_table(
        "weights_topic",
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", name=op.f("pk_weights_topic")),
    )
