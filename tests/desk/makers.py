"""Alerts and evidence in which a test states only what matters."""

from __future__ import annotations

from datetime import timedelta
from math import fsum
from typing import Any

from schemas.alerts import EvidenceLine, InnocentReason, Matched, MirrorAlert
from schemas.waves import WaveAlert, WaveMember, WavePattern
from tests.makers import NOON


def a_reason(signal: str = "handle", weight: float = 8.0, **said: Any) -> EvidenceLine:
    """One line of evidence, for the pair unless its weight is negative."""
    words = {"level": "same", "ours": "", "theirs": "", "because": "The handles are the same.", **said}
    return EvidenceLine(signal=signal, weight=weight, **words)


def a_rival(name: str = "household", takes: float = 0.71, *covers: str) -> InnocentReason:
    """One of the innocent reasons."""
    return InnocentReason(name=name, takes=takes, covers=covers, sentence=f"The sentence on {name}.")


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
        evidence=tuple(line for line in lines if line.weight > 0 or line.explained),
        counter_evidence=tuple(line for line in lines if line.weight <= 0 and not line.explained),
        **fields,
    )


def a_wave(*accounts: str, revision: int = 1, wave_id: str = "wave-1", **given: Any) -> WaveAlert:
    """Accounts of platform x, one each minute; five unless they are named."""
    names = accounts or ("a", "b", "c", "d", "e")
    members = [
        WaveMember(
            account=f"x:{name}",
            handle=f"nicole_{name}",
            seen_at=NOON + timedelta(minutes=minute),
            log_odds=9.5,
            signals=("contact.shared", "bio.almost-same") if minute % 2 else ("contact.shared",),
        )
        for minute, name in enumerate(names)
    ]
    fields: dict[str, Any] = {
        "wave_id": wave_id,
        "revision": revision,
        "status": "open",
        "began_at": NOON,
        "changed_at": NOON,
        "members": tuple(members),
        "pattern": (WavePattern(signal="contact", level="shared", members=len(names)),),
        "handle_pattern": "nicole_*",
        **given,
    }
    return WaveAlert(**fields)
