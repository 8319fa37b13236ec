"""Alerts and evidence in which a test states only what matters."""

from __future__ import annotations

from math import fsum
from typing import Any

from schemas.alerts import EvidenceLine, Matched, MirrorAlert
from tests.makers import NOON


def a_reason(signal: str = "handle", weight: float = 8.0, **said: str) -> EvidenceLine:
    """One line of evidence, for the pair unless its weight is negative."""
    words = {"level": "same", "ours": "", "theirs": "", "because": "The handles are the same.", **said}
    return EvidenceLine(signal=signal, weight=weight, **words)


def an_alert(*reasons: EvidenceLine, prior: float = -7.0, **given: Any) -> MirrorAlert:
    """An alert whose log-odds are what its reasons sum to."""
    lines = reasons or (a_reason(),)
    fields: dict[str, Any] = {
        "alert_id": "alert-1",
        "revision": 1,
        "status": "open",
        "platform": "x",
        "account_id": "new",
        "direction": "forward",
        "matched": Matched(platform="x", account_id="banned"),
        "probability": 0.93,
        "band": "likely",
        "weights_version": "1",
        "fold_version": 1,
        "detected_at": NOON,
        **given,
    }
    return MirrorAlert(
        prior=prior,
        log_odds=fsum([prior, *(line.weight for line in lines)]),
        evidence=tuple(line for line in lines if line.weight > 0),
        counter_evidence=tuple(line for line in lines if line.weight <= 0),
        **fields,
    )
