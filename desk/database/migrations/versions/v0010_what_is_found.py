"""What alerts and accounts are found by, of those that are there as well."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from desk.database.finding.folding import QUOTED_KINDS, terms

revision = "0010"
down_revision = "0009"

_AT_ONCE = 500
_MASK = "•••"


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
        last = _fill(last)
    op.create_index("ix_findable_kind", "findable", ["kind", "folded", "account", "alert_id"], unique=False)


def _in_byte_order(chars: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=chars).with_variant(sa.String(length=chars, collation="C"), "postgresql")


def _fill(after: str) -> str | None:
    """Fills the table from some alerts after one, and returns the last of them; None: there are no more."""
    connection = op.get_bind()
    alerts = connection.execute(
        sa.text(
            "SELECT alerts.alert_id, account, banned, payload FROM alerts LEFT JOIN evidence"
            " ON evidence.alert_id = alerts.alert_id WHERE alerts.alert_id > :after"
            " ORDER BY alerts.alert_id LIMIT :limit"
        ),
        {"after": after, "limit": _AT_ONCE},
    ).all()
    rows = [
        {"alert_id": alert.alert_id, **term._asdict()}
        for alert in alerts
        for term in terms(
            alert.alert_id,
            {"account": alert.account, "banned": alert.banned},
            _quotes(bytes(alert.payload or b"")),
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


def _quotes(payload: bytes) -> dict[tuple[str, str], str]:
    """What an alert quotes of names and handles; nothing of a payload that no version here wrote."""
    try:
        alert: Any = json.loads(payload)
        lines = [*alert.get("evidence", ()), *alert.get("counter_evidence", ())]
        sides = (("account", "ours"), ("banned", "theirs"))
        return {
            (side, line["signal"]): text
            for line in lines
            if line.get("signal") in QUOTED_KINDS
            for side, field in sides
            if (text := line.get(field, "")) and _MASK not in text
        }
    except (ValueError, AttributeError, TypeError):
        return {}
