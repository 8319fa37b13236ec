"""One decision as it is shown: traits beside each other, the reasons that matter first, and the sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from desk.review.people import Person, people, quoted_bio
from desk.review.seal import MASKED
from desk.settings.profiles import profile_url
from desk.web.compare import ComparedValues, compare
from report.waterfall.steps import Scale, WaterfallStep, steps
from report.waterfall.words import STRONG_NATS
from samehand.normalize.contact.redact import MASK
from samehand.scoring.ceilings import SPEAKS_NATS
from samehand.scoring.evidence import CEILING, RIVALS_LINE, SHARED
from schemas.alerts import EvidenceLine, InnocentReason, MirrorAlert

FACTS_MAX: Final = (3, 2)
"""Facts for a mirror, and against it, that a page shows before a reader decides."""

_LENGTH: Final = 1_000.0
"""Of the drawing in which bars lie; its width on the screen is the screen's."""

_TEXTS: Final = ("name", "handle", "bio")
"""Shown beside the pictures."""

_BESIDE: Final = frozenset({"timing", "platform", RIVALS_LINE, CEILING})
"""Signals that stand in the title, or in lines of their own."""

_ONE_COPY: Final = frozenset({"avatar", "bio", "contact"})
_COPIED: Final = _ONE_COPY | {"handle", "name", "crossing", "mention"}
"""What one act of copying gives: together one fact, if any of `_ONE_COPY` is among it."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One line of evidence: its two values compared. Shown blind, `weight` is 0, `because` empty, and
    `level` is given for masked values alone.

    `quoted`: its values say more than its level to a person; `crowd`: the alert's sentence on
    how many others share it, "" where none is known to.
    """

    signal: str
    level: str
    weight: float
    because: str
    values: ComparedValues
    shown: bool
    quoted: bool = True
    crowd: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one reads first: a trait, or several `signals` that one sentence is about."""

    kind: Literal["trait", "copied", "different"]
    signals: tuple[str, ...]
    trait: Trait
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Account(Person):
    """One side of a pair. `url`: its profile."""

    url: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the waterfall: from `left` on, `width` wide, on a line of 1,000; `after`: summed so far."""

    step: WaterfallStep
    left: float
    width: float
    after: float


@dataclass(frozen=True, slots=True)
class AlertScreen:
    """What the page of an alert is made of.

    `texts`: names, handles and self-descriptions compared; `levels`: by signal; `facts`: for a mirror, and
    against it; `held`: what keeps the band down; `left`: signals that speak for a mirror and that the first
    of the innocent `reasons`, the strongest, does not explain.
    """

    traits: tuple[Trait, ...]
    texts: dict[str, Trait]
    levels: dict[str, str] = field(default_factory=dict)
    facts: tuple[tuple[Fact, ...], tuple[Fact, ...]] = ((), ())
    held: tuple[Trait, ...] = ()
    reasons: tuple[InnocentReason, ...] = ()
    left: tuple[str, ...] = ()
    rows: tuple[Bar, ...] = ()
    zero: float = 0.0


def screen(alert: MirrorAlert, *, blind: bool) -> AlertScreen:
    """The page's parts. Of what is read blind: the traits alone, in an order that tells nothing."""
    lines = (*alert.evidence, *alert.counter_evidence)
    own = [_trait(alert, line) for line in lines if line.level != SHARED]
    traits = tuple(sorted((trait for trait in own if trait.shown), key=lambda trait: trait.signal))
    texts = {trait.signal: trait for trait in reversed(traits) if trait.signal in _TEXTS and trait.quoted}
    if blind:
        return AlertScreen(tuple(sorted(own, key=lambda trait: trait.signal)), texts)
    drawn = steps(alert.prior, alert.evidence, alert.counter_evidence, alert.log_odds)
    scale = Scale.over(drawn, _LENGTH)
    speaking = [fact for fact in _for(own, alert) if not fact.weak]
    covers = set(alert.rivals[0].covers) if alert.rivals else set()
    return AlertScreen(
        traits=traits,
        texts=texts,
        levels={trait.signal: trait.level for trait in reversed(own)},
        facts=(tuple(_for(own, alert)[: FACTS_MAX[0]]), tuple(_against(own, alert)[: FACTS_MAX[1]])),
        held=tuple(trait for trait in own if trait.signal == CEILING),
        reasons=alert.rivals,
        left=tuple(signal for fact in speaking for signal in fact.signals if signal not in covers),
        rows=tuple(Bar(step, *scale.bar(step), step.end) for step in drawn),
        zero=scale.place(0.0),
    )


def _nats(alert: MirrorAlert) -> dict[str, float]:
    """Returns what each signal weighs, with what a crowd takes away."""
    nats = defaultdict[str, float](float)
    for line in (*alert.evidence, *alert.counter_evidence):
        nats[line.signal] += line.weight
    return nats


def _for(own: Sequence[Trait], alert: MirrorAlert) -> list[Fact]:
    """Returns what speaks for a mirror, the strongest first; what one act of copying gives as one fact."""
    nats = _nats(alert)
    speaking = {
        trait.signal: trait
        for trait in reversed(own)
        if trait.signal not in _BESIDE and nats[trait.signal] >= SPEAKS_NATS and trait.weight > 0
    }
    copied = [signal for signal in speaking if signal in _COPIED]
    together = len(copied) > 1 and bool(_ONE_COPY & set(copied))
    facts = []
    for signal in sorted(speaking, key=lambda signal: -nats[signal]):
        if not (together and signal in copied):
            weak = nats[signal] < STRONG_NATS
            facts.append(Fact("trait", (signal,), speaking[signal], weak))
        elif signal == max(copied, key=nats.__getitem__):
            signals = tuple(sorted(copied, key=lambda signal: -nats[signal]))
            facts.append(Fact("copied", signals, speaking[signal]))
    return facts


def _against(own: Sequence[Trait], alert: MirrorAlert) -> list[Fact]:
    """Returns what speaks against a mirror: what differs as one fact."""
    nats = _nats(alert)
    rest = [
        trait
        for trait in own
        if trait.signal not in _BESIDE and (nats[trait.signal] < 0 or trait.level == "found-first")
    ]
    rest.sort(key=lambda trait: nats[trait.signal])
    different = [trait for trait in rest if trait.level == "different"]
    facts = [Fact("trait", (trait.signal,), trait) for trait in rest if trait.level != "different"]
    if different:
        signals = tuple(dict.fromkeys(trait.signal for trait in different))
        facts.insert(0, Fact("different", signals, different[0]))
    return facts


def sides(alert: MirrorAlert, profile_urls: Mapping[str, str]) -> tuple[Account, Account]:
    """Returns the new account and the banned one, with what the alert quotes of them."""
    ours, theirs = people(alert)
    return account_of(ours, profile_urls), account_of(theirs, profile_urls)


def account_of(person: Person, profile_urls: Mapping[str, str]) -> Account:
    """Returns an account with the address of its profile, if its platform has one."""
    template = profile_urls.get(person.platform)
    known = "" if MASK in person.handle else person.handle
    url = profile_url(template, person.account_id, known) if template else None
    return Account(person.platform, person.account_id, person.name, person.handle, url)


def _trait(alert: MirrorAlert, line: EvidenceLine) -> Trait:
    crowds = (other for other in (*alert.evidence, *alert.counter_evidence) if other.level == SHARED)
    return Trait(
        line.signal,
        line.level,
        line.weight,
        line.because,
        compare(line.signal, alert.platform, line.ours, line.theirs),
        bool(line.ours or line.theirs),
        _says_something(line),
        next((crowd.because for crowd in crowds if crowd.signal == line.signal), ""),
    )


def _says_something(line: EvidenceLine) -> bool:
    """Returns whether values are words: masks, hashes of pictures and lengths of texts say less than the
    level.
    """
    if line.signal == "avatar":
        return False
    if line.signal == "bio":
        return not line.level or any(map(quoted_bio, (line.ours, line.theirs)))
    return line.signal not in MASKED or any(value.replace(MASK, "") for value in (line.ours, line.theirs))
