"""All that came after release 0.2.0.

No release had the steps 0007 to 0020, of which this is made: a database of release 0.2.0 is at 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0006"

_AT_ONCE = 500
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    # What the summaries of bans say: how many pairs got no alert of their own.
    op.create_table(
        "summaries",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("banned", sa.String(289), nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("withheld_likely", sa.Integer(), nullable=False),
        sa.Column("withheld_possible", sa.Integer(), nullable=False),
        sa.Column("detected_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_summaries")),
    )
    # Which verdicts were given without knowing those of others.
    op.add_column("verdicts", sa.Column("independent", sa.Boolean()))
    # Whether a reader has decided on an alert is asked for each row of a page, and when: of few verdicts.
    op.drop_index("ix_verdicts_alert_id", "verdicts")
    op.create_index("ix_verdicts_alert_id", "verdicts", ["alert_id", "reviewer"])
    # The evidence of an alert as it was when somebody decided.
    op.create_table(
        "decided_evidence",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
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
    # What alerts and accounts are found by, of those that are there as well.
    op.create_table(
        "findable",
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("folded", _in_byte_order(64), nullable=False),
        sa.Column("account", _in_byte_order(289), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_findable_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "side", "kind", "folded", name=op.f("pk_findable")),
    )
    last: str | None = ""
    while last is not None:
        last = _fill_ids(last)
    op.create_index("ix_findable_kind", "findable", ["kind", "folded", "account", "alert_id"])
    # How the queue is read: by age, too.
    op.create_index("ix_reads_age", "reads", ["state", "waits_since", "read_id"])
    # What holders of accounts contest, and what came of it.
    op.create_table(
        "appeals",
        sa.Column("appeal_id", sa.String(128), nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("read_id", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.String(128), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("decided_at", sa.Float()),
        sa.Column("verdict_id", sa.String(128)),
        sa.Column("sent_at", sa.Float()),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_appeals_alert_id_alerts")),
        sa.ForeignKeyConstraint(["read_id"], ["reads.read_id"], name=op.f("fk_appeals_read_id_reads")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_alert_id", "appeals", ["alert_id"])
    op.create_index("ix_appeals_read_id", "appeals", ["read_id"])
    op.create_index("ix_appeals_sent_at", "appeals", ["sent_at", "decided_at"])
    # Which policies somebody reads.
    op.create_table(
        "reader_policies",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_reader_policies_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "policy", name=op.f("pk_reader_policies")),
    )
    op.add_column("users", sa.Column("all_policies", sa.Boolean(), nullable=False, server_default=sa.true()))
    # Appeals are found without reading every reading.
    which = sa.text("kind = 'appeal'")
    op.create_index(
        "ix_reads_appeals",
        "reads",
        ["kind", "state", "alert_id", "read_id"],
        sqlite_where=which,
        postgresql_where=which,
    )
    # Exercises are no more: their readings and verdicts decided nothing.
    op.execute("DELETE FROM skips WHERE read_id IN (SELECT read_id FROM reads WHERE kind = 'golden')")
    op.execute("DELETE FROM reads WHERE kind = 'golden'")
    op.execute("DELETE FROM verdicts WHERE golden")
    op.drop_table("golden")
    for table, columns in (
        ("reads", ("only_for",)),
        ("verdicts", ("golden", "seen_on_topic_at")),
        ("users", ("failures", "locked_until", "preferences", "created_at")),
        ("heads", ("published_at",)),
        ("alerts", ("log_odds", "seconds_since_ban")),
    ):
        for column in columns:
            op.drop_column(table, column)
    # Waves, who is in them, and whom a verdict on one leaves out.
    op.create_table(
        "waves",
        sa.Column("wave_id", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("withdrawn_reason", sa.String(64)),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_waves")),
    )
    op.create_index("ix_waves_began_at", "waves", ["began_at", "wave_id"])
    op.create_table(
        "wave_members",
        sa.Column("wave_id", sa.String(128), nullable=False),
        sa.Column("account", sa.String(289), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.wave_id"], name=op.f("fk_wave_members_wave_id_waves")),
        sa.PrimaryKeyConstraint("wave_id", "account", name=op.f("pk_wave_members")),
    )
    op.create_index("ix_wave_members_account", "wave_members", ["account"])
    op.create_table(
        "wave_exceptions",
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("account", sa.String(289), nullable=False),
        sa.PrimaryKeyConstraint("verdict_id", "account", name=op.f("pk_wave_exceptions")),
    )
    # What platforms did about accounts.
    op.create_table(
        "actions",
        sa.Column("account", sa.String(289), nullable=False),
        sa.Column("event_id", sa.String(128), nullable=False),
        sa.Column("occurred_at", sa.Float(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float()),
        sa.Column("alert_id", sa.String(128)),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at", sa.Float(), nullable=False),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
        sa.PrimaryKeyConstraint("account", "event_id", name=op.f("pk_actions")),
    )
    op.create_index("ix_actions_erased_at", "actions", ["erased_at", "arrived_at"])
    op.create_index("ix_actions_at", "actions", ["action", "at"])
    # Lawful requests, and what is preserved for them.
    op.create_table(
        "requests",
        sa.Column("request_id", _SERIAL, nullable=False),
        sa.Column("authority", sa.String(128), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("legal_basis", sa.String(256), nullable=False),
        sa.Column("jurisdiction", sa.String(3), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("deadline", sa.Float(), nullable=False),
        sa.Column("entered_at", sa.Float(), nullable=False),
        sa.Column("entered_by", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("approved_at", sa.Float()),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("closed_at", sa.Float()),
        sa.Column("closed_by", sa.String(32)),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("hold_until", sa.Float(), nullable=False),
        sa.Column("hold_ended_at", sa.Float()),
        sa.Column("hold_ended_by", sa.String(32)),
        sa.Column("hold_ended_reason", sa.String(64)),
        sa.CheckConstraint("approved_by <> entered_by", name="two_people"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_requests_hold_until", "requests", ["hold_ended_at", "hold_until"])
    op.create_index("ix_requests_closed_at", "requests", ["closed_at", "deadline"])
    op.create_index("ix_requests_received_at", "requests", ["received_at"])
    op.create_index("ix_requests_reference", "requests", ["reference"])
    op.create_table(
        "request_accounts",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(289), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_request_accounts_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "account", name=op.f("pk_request_accounts")),
    )
    op.create_index("ix_request_accounts_account", "request_accounts", ["account"])
    op.create_table(
        "request_files",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("account", sa.String(289), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("handed_over_at", sa.Float()),
        sa.Column("handed_over_by", sa.String(32)),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_request_files_request_id")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_request_files_alert_id")),
        sa.PrimaryKeyConstraint("request_id", "digest", name=op.f("pk_request_files")),
    )
    op.create_table(
        "held_copies",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer()),
        sa.Column("written_at", sa.Float()),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("words", sa.Text()),
        sa.Column("erased_at", sa.Float()),
        sa.Column("erased_reason", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name=op.f("fk_held_copies_request_id")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_held_copies_alert_id")),
        sa.PrimaryKeyConstraint("request_id", "alert_id", "kind", "key", name=op.f("pk_held_copies")),
    )
    op.create_index("ix_held_copies_alert_id", "held_copies", ["alert_id"])
    # Weights are a file, which no desk adopts.
    op.drop_table("weights")
    op.drop_table("weights_topic")


def _in_byte_order(chars: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=chars).with_variant(sa.String(length=chars, collation="C"), "postgresql")


def _fill_ids(after: str) -> str | None:
    """Adds the ids of some alerts after one, and returns the last of them; None: there are no more. Names and
    handles follow from the desk, which makes all terms anew where it does not know by which rules they were
    made (`desk.feed.upkeep.refold`)."""
    connection = op.get_bind()
    alerts = connection.execute(
        sa.text(
            "SELECT alert_id, account, banned FROM alerts WHERE alert_id > :after"
            " ORDER BY alert_id LIMIT :limit"
        ),
        {"after": after, "limit": _AT_ONCE},
    ).all()
    rows = [
        {
            "alert_id": alert.alert_id,
            "side": side,
            "kind": kind,
            "folded": identifier.casefold()[:64],
            "account": account,
        }
        for alert in alerts
        for side, kind, identifier, account in (
            ("", "alert", alert.alert_id, alert.account),
            ("account", "id", alert.account.partition(":")[2], alert.account),
            ("banned", "id", alert.banned.partition(":")[2], alert.banned),
        )
    ]
    if rows:
        connection.execute(
            sa.text(
                "INSERT INTO findable (alert_id, side, kind, folded, account)"
                " VALUES (:alert_id, :side, :kind, :folded, :account)"
            ),
            rows,
        )
    return alerts[-1].alert_id if alerts else None
