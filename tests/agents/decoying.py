"""Decoys: accounts that carry what a prepared mirror shares with a ban."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from agents.common.context import AlertPolicy
from schemas.accounts import AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

SHARED: dict[str, Any] = {
    "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "payment_token": "tok_1NvXa2example",
}
BEFORE = NOON - timedelta(hours=1)
RULES = AlertPolicy()


def decoys(count: int, ip: str) -> list[AccountCreated]:
    """Accounts that carry all that the mirror shares with the ban, and the banned handle besides."""
    return [a_sign_up(f"d{n}", handle="umar_media", at=BEFORE, ip=ip, **SHARED) for n in range(count)]


MIRROR = a_sign_up("99", handle="gardener", at=BEFORE, ip="39.40.1.7", **SHARED)
BAN = a_ban("77", handle="umar_media", **SHARED)


def open_alerts(life: Life) -> dict[str, MirrorAlert]:
    """The alerts that a person may read now, by their id."""
    latest = {alert.alert_id: alert for alert in life.alerts}
    return {name: alert for name, alert in latest.items() if alert.status == "open"}


def accounts(life: Life) -> set[str]:
    """The accounts with an open alert."""
    return {alert.account_id for alert in open_alerts(life).values()}


def summaries(life: Life) -> list[AlertSummary]:
    """The summaries in the order in which they were published."""
    return [record for record in life.heard if isinstance(record, AlertSummary)]


async def gone(life: Life, several: Sequence[AccountCreated]) -> None:
    """Decoys that delete themselves a minute after the ban, and what follows."""
    life.seconds += 60
    later = NOON + timedelta(hours=2, minutes=1)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    await life.relay()
