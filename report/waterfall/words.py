"""An alert in words: what speaks for it, what against it, and what it would be if it is no mirror.

No numbers, which read as a draw where a reason stands beside what takes it away; nor any percentage of an
innocent reason, which readers took for a finding. Both stand where somebody asks for the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from report.text import visible, visible_sentence
from report.waterfall.steps import quoted
from samehand.normalize.contact.redact import MASK
from samehand.scoring.ceilings import SPEAKS_NATS
from samehand.scoring.evidence import CEILING, RIVALS_LINE, SHARED
from samehand.scoring.rivals import RIVALS
from schemas.alerts import EvidenceLine, InnocentReason, MirrorAlert

QUESTION: Final = "What else could it be?"
STRONG_NATS: Final = 3.0
"""What fewer than one stranger in twenty has is no weak reason."""
NAMED_MAX: Final = 3
"""Innocent reasons that a line of text names; the record has all."""

SIGNALS: Final[dict[str, str]] = {
    "handle": "Handle",
    "name": "Display name",
    "admirer": "Admirer",
    "crossing": "Handle and name",
    "email": "E-mail",
    "phone": "Phone",
    "device": "Device",
    "payment": "Payment",
    "network": "Network",
    "agent": "Browser or phone",
    "locale": "Language and region",
    "referrer": "Invitation",
    "avatar": "Picture",
    "bio": "Self-description",
    "contact": "Contact point",
    "reach": "Own contact",
    "runs": "Run by",
    "invitation": "Its invitation",
    "first_shown": "Who was first",
    "mention": "Organisation named",
    "disguise": "Disguised writing",
    "timing": "Moment",
    "platform": "Platform",
    "rule": "Rule",
    "rivals": "Other explanations",
    "ceiling": "Ceiling",
    "prior": "How common mirrors are",
    "sum": "Sum",
}
"""What readers call each signal; the desk's catalogues translate it."""

_WHO: Final = {rival.name: rival for rival in RIVALS}
_BESIDE: Final = frozenset({"timing", "platform", RIVALS_LINE, CEILING})
"""Signals that stand in the first line, or in lines of their own."""


class Words(NamedTuple):
    """What an alert says: sentences for it and against it, the strongest first, and what holds it back."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]
    against: tuple[str, ...]
    held: tuple[str, ...]
    if_not: str
    check: str


def in_words(alert: MirrorAlert) -> Words:
    """The reasons of an alert in words, one sentence a signal."""
    lines = (*alert.evidence, *alert.counter_evidence)
    nats: dict[str, float] = {}
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.signal not in _BESIDE:
            nats[line.signal] = nats.get(line.signal, 0.0) + line.weight
            said.setdefault(line.signal, []).append(_sentence(line))
    strong, weak, against, speaking = list[str](), list[str](), list[str](), list[str]()
    for signal in sorted(nats, key=lambda signal: -abs(nats[signal])):
        weight, sentence = nats[signal], " ".join(said[signal])
        if weight >= STRONG_NATS:
            strong.append(sentence)
            speaking.append(signal)
        elif weight >= SPEAKS_NATS:
            weak.append(sentence)
        elif weight < 0.0 or signal in ("first_shown", "rule"):
            against.append(sentence)
    held = tuple(visible_sentence(line.because, 1024) for line in lines if line.signal == CEILING)
    other = if_not(alert.rivals, speaking)
    return Words(tuple(strong), tuple(weak), tuple(against), held, other, _check(alert.rivals))


def who(reason: InnocentReason) -> str:
    """`a household`; of one that a later release knows, its name."""
    return _WHO[reason.name].who if reason.name in _WHO else visible(reason.name)


def if_not(reasons: Sequence[InnocentReason], speaking: Sequence[str] = ()) -> str:
    """`then most likely a household, which would explain device, but not e-mail (already counted)`.

    Empty of an alert that names none. ``speaking``: the signals that speak most for a mirror, of which it
    says what the reason would not explain.
    """
    named = [f"{who(reason)}{_would_explain(reason, speaking)}" for reason in reasons[:NAMED_MAX]]
    counted = "all already counted" if len(named) > 1 else "already counted"
    return f"then most likely {'; or '.join(named)} ({counted})" if named else ""


def covered(reason: InnocentReason) -> list[str]:
    """What readers call the signals that a reason covers."""
    return _called(reason.covers)


def _would_explain(reason: InnocentReason, speaking: Sequence[str]) -> str:
    if not reason.covers:
        return ""
    left = _called(signal for signal in speaking if signal not in reason.covers)
    but = f", but not {', '.join(left).lower()}" if left else ""
    return f", which would explain {', '.join(covered(reason)).lower()}{but}"


def _called(signals: Iterable[str]) -> list[str]:
    return [SIGNALS.get(signal, visible(signal)) for signal in signals]


def _check(reasons: Iterable[InnocentReason]) -> str:
    first = next(iter(reasons), None)
    return _WHO[first.name].check if first is not None and first.name in _WHO else ""


def _sentence(line: EvidenceLine) -> str:
    sentence = visible_sentence(line.because, 1024)
    values = "" if line.level == SHARED or line.signal == "avatar" else quoted(line)
    says = any(map(str.isalnum, values.replace(MASK, "")))
    return f"{sentence[:-1]} ({values})." if says and sentence.endswith(".") else sentence
