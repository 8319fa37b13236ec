"""What alerts and accounts are found by, of those that are there as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_AT_ONCE = 500


def upgrade() -> None:
    """Forward only: to go back, restore a backup."""
    op.create_table(
        "findable",
        sa.Column("alert_id", sa.String(length=128), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("folded", _in_byte_order(64), nullable=False),
        sa.Column("account", _in_byte_order(289), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_findable_alert_id")),
        sa.PrimaryKeyConstraint("alert_id", "side", "kind", "folded", name=op.f("pk_findable")),
    )
    last: str | None = ""
    while last is not None:
        last = _fill_ids(last)
    op.create_index("ix_findable_kind", "findable", ["kind", "folded", "account", "alert_id"], unique=False)


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
