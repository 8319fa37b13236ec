"""The call that the demo shows: an account scored by the gate while it signs up, made like a banned one."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from schemas.accounts import AccountBanned, AccountCreated
from schemas.wire import encode
from simulate.timeline.events import Event

_ACCOUNT_ID = "made-by-you"


def curl(gate: str, key: str, events: Iterable[Event], now: datetime) -> str:
    """The command that scores a mirror of the account that was banned last, and stays so; "" without one."""
    bans = [
        event.value
        for event in events
        if event.label.kind == "banned" and isinstance(event.value, AccountBanned)
    ]
    if not bans:
        return ""
    banned = max(bans, key=lambda ban: ban.at)
    handle = f"{banned.account.handle or 'back'}_2"
    mirror = AccountCreated(
        event_id=_ACCOUNT_ID,
        version=1,
        occurred_at=now.astimezone(UTC),
        platform=banned.platform,
        account=replace(banned.account, account_id=_ACCOUNT_ID, handle=handle, avatar=None),
    )
    login = f"Authorization: Bearer {key}"
    return shlex.join(["curl", "-s", f"{gate}/v1/score", "-H", login, "-d", encode(mirror).decode()])
