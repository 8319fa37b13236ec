"""An alert that is taken back: the record that tells consumers so."""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from agents.doors import moment
from schemas.alerts import AlertSummary, MirrorAlert, without_quotes
from schemas.wire import Decoded, decode_alert
from store.base import Owed

QUOTING: Final = frozenset({"no-longer-resembles", "verdict"})
"""Reasons for which a withdrawn alert still quotes both accounts: neither is to be forgotten, and people may
want to read what was alerted. All others follow from an account or a ban that is gone."""


def withdrawal(owed: Owed) -> MirrorAlert | AlertSummary | None:
    """The alert as it stood, under the revision of its withdrawal; ``None`` where it does not read back."""
    read = decode_alert(owed.alert.payload, now=math.inf)  # a worker whose clock is ahead may have written it
    if not isinstance(read, Decoded):
        return None
    taken_back: MirrorAlert | AlertSummary = replace(
        read.record,
        revision=owed.revision,
        status="withdrawn",
        withdrawn_at=moment(owed.at),
        withdrawn_reason=owed.reason,
    )
    if isinstance(taken_back, AlertSummary) or owed.reason in QUOTING:
        return taken_back
    return replace(
        taken_back,
        evidence=tuple(without_quotes(line) for line in taken_back.evidence),
        counter_evidence=tuple(without_quotes(line) for line in taken_back.counter_evidence),
        others=(),
    )
