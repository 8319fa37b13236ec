"""A wave for the sample stream: new accounts by one script, like no banned account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.accounts import Account, AccountCreated
from schemas.keys import account_key
from simulate.timeline.events import EventLabel, PlatformTopic, SimulatedEvent
from simulate.timeline.records import moment

SIGN_UPS: Final = 10
"""Workers publish a wave of five and again one of ten, so that both are seen at once."""

_PAUSE_SECONDS: Final = 6.0
_BIO: Final = "Earn 300 a day from home, no experience needed, ask t.me/nicole_private how it works"


def with_wave(events: Sequence[SimulatedEvent]) -> list[SimulatedEvent]:
    """Returns the events with those of a wave in their midst; none where there are no events."""
    if not events:
        return []
    middle = len(events) // 2
    wave = [_sign_up(number, events[middle].at + _PAUSE_SECONDS * number) for number in range(SIGN_UPS)]
    return [*events[:middle], *wave, *events[middle:]]


def _sign_up(number: int, at: float) -> SimulatedEvent:
    account_id = f"wave-{number + 1}"
    value = AccountCreated(
        event_id=f"created-{account_id}",
        version=1,
        occurred_at=moment(at),
        platform="x",
        account=Account(
            account_id=account_id,
            handle=f"nicole_{1_000 + 371 * number}",
            bio=_BIO,
            ip=f"203.0.113.{number + 1}",
        ),
    )
    label = EventLabel("wave", "en")
    return SimulatedEvent(at, PlatformTopic.CREATED, account_key("x", account_id), value, label)
