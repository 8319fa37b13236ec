"""Logs dead letters by their address, so that an operator finds the records that a metric counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from streams.outcomes import Arrival, Dead, Outcome

LOGGED_A_BATCH: Final = 20
"""Dead letters of one batch that are logged one by one: a flood of them must not become a flood of lines."""


def tell_dead(log: Any, settled: Iterable[tuple[Arrival, Outcome]]) -> None:
    """Logs a line for each dead letter of a batch, up to the cap, and one for the rest.

    `log` is a structlog logger. A line has the address and the reason, and quotes nothing of the record.
    """
    dead = [(arrival, outcome) for arrival, outcome in settled if isinstance(outcome, Dead)]
    for arrival, outcome in dead[:LOGGED_A_BATCH]:
        log.warning("dead letter", address=arrival.address, reason=outcome.reason, path=outcome.path)
    if len(dead) > LOGGED_A_BATCH:
        log.warning("more dead letters", records=len(dead) - LOGGED_A_BATCH, see="samehand letters list")
