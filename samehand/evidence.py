"""Evidence: one line of reason with its share of the score."""

from __future__ import annotations

import msgspec


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One reason. ``weight`` is in nats (natural-log odds), after grouping, caps and rules.

    Lines of positive weight speak for the pair, the others against it; all of them and the prior sum
    to the score's log-odds.
    """

    signal: str
    weight: float
    level: str
    because: str
