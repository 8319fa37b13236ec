"""Makes the records that the outbox publishes: an alert withdrawn or open again, or the summary of a ban.

An alert that was withdrawn before is withdrawn once more where either account is to be forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from agents.common.context import AgentContext
from schemas.alert_state import unquoted_alert
from schemas.alerts import AlertSummary, MirrorAlert, WithdrawnReason
from schemas.decoding.dates import from_seconds
from schemas.wire import Decoded, decode_alert
from store.base import Owed

QUOTING: Final = frozenset({"no-longer-resembles", "superseded", "verdict"})
"""Reasons for which a withdrawn alert still quotes both accounts: neither is to be forgotten, and people may
want to read what was alerted. All others follow from an account or a ban that is gone."""


READ_AT_ONCE: Final = 16
"""Accounts whose alerts are read together: at worst 2,000 on each, of 3 KB, and as many about each."""


async def withdraw_again(accounts: Sequence[str], reason: WithdrawnReason, context: AgentContext) -> None:
    """Withdraws alerts about accounts once more that were withdrawn before: the accounts' own bans are gone.

    Those that are open stay: the accounts may resemble other bans all the same.
    """
    for at in range(0, len(accounts), READ_AT_ONCE):
        about = await context.call_store(context.store.alerts_about(accounts[at : at + READ_AT_ONCE]))
        withdrawn = [alert for several in about for alert in several if not alert.open]
        if withdrawn:
            await context.call_store(context.store.withdraw(withdrawn, reason=reason, now=context.now()))


def record_of(owed: Owed) -> MirrorAlert | AlertSummary | None:
    """The record to publish for an outbox entry, under its revision; ``None`` if there is none or the alert
    cannot be decoded.

    An alert withdrawn or open again is otherwise as it stood. A summary has the present counts.
    """
    if owed.forgotten:
        return None
    read = decode_alert(owed.alert.payload, now=math.inf)  # a worker whose clock is ahead may have written it
    if not isinstance(read, Decoded):
        return None
    if owed.reason is None and isinstance(read.record, MirrorAlert):
        return replace(
            read.record, revision=owed.revision, status="open", withdrawn_at=None, withdrawn_reason=None
        )
    if owed.reason is None:
        if owed.counts is None:
            return None
        published, likely, possible = owed.counts
        return replace(
            read.record,
            revision=owed.revision,
            published=published,
            withheld_likely=likely,
            withheld_possible=possible,
            detected_at=from_seconds(owed.at),
        )
    taken_back: MirrorAlert | AlertSummary = replace(
        read.record,
        revision=owed.revision,
        status="withdrawn",
        withdrawn_at=from_seconds(owed.at),
        withdrawn_reason=owed.reason,
    )
    if isinstance(taken_back, AlertSummary) or owed.reason in QUOTING:
        return taken_back
    return unquoted_alert(taken_back)
