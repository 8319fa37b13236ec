"""One decision as it is shown: traits beside each other, the reasons that matter first, and the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

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

    `weight`: of its signal, with what a crowd takes away; `quoted`: its values say more than its level to a
    person; `crowd`: the alert's sentence on how many others share it, "" where none is known to.
    """

    signal: str
    level: str
    weight: float
    because: str
    values: ComparedValues
    quoted: bool = True
    crowd: str = ""

    @property
    def weak(self) -> bool:
        return 0 < self.weight < STRONG_NATS


Fact = tuple[Trait, ...]
"""What one reads first: a trait, or several that one sentence is about."""


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

    `texts`: names, handles and self-descriptions compared; `facts`: for a mirror, and against it; `held`:
    what keeps the band down; `left`: signals that speak for a mirror and that the first of the innocent
    `reasons`, the strongest, does not explain.
    """

    traits: tuple[Trait, ...]
    texts: dict[str, Trait]
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
    traits = tuple(sorted((it for it in own if it.values.ours or it.values.theirs), key=lambda it: it.signal))
    texts = {trait.signal: trait for trait in reversed(traits) if trait.signal in _TEXTS and trait.quoted}
    if blind:
        return AlertScreen(tuple(sorted(own, key=lambda trait: trait.signal)), texts)
    drawn = steps(alert.prior, alert.evidence, alert.counter_evidence, alert.log_odds)
    scale = Scale.over(drawn, _LENGTH)
    speaking, covers = _for(own), alert.rivals[0].covers if alert.rivals else ()
    strong = [trait for fact in speaking for trait in fact if not fact[0].weak]
    return AlertScreen(
        traits=traits,
        texts=texts,
        facts=(tuple(speaking[: FACTS_MAX[0]]), tuple(_against(own)[: FACTS_MAX[1]])),
        held=tuple(trait for trait in own if trait.signal == CEILING),
        reasons=alert.rivals,
        left=tuple(trait.signal for trait in strong if trait.signal not in covers),
        rows=tuple(Bar(step, *scale.bar(step), step.end) for step in drawn),
        zero=scale.place(0.0),
    )


def _for(own: Sequence[Trait]) -> list[Fact]:
    """Returns what speaks for a mirror, the strongest first; what one act of copying gives as one fact."""
    by_signal = {trait.signal: trait for trait in reversed(own) if trait.weight >= SPEAKS_NATS}
    speaking = [trait for trait in by_signal.values() if trait.signal not in _BESIDE]
    speaking.sort(key=lambda trait: -trait.weight)
    copied = tuple(trait for trait in speaking if trait.signal in _COPIED)
    if not _ONE_COPY.intersection(trait.signal for trait in copied):
        copied = ()
    alone = [(trait,) for trait in speaking if trait not in copied]
    return sorted([*alone, copied] if copied else alone, key=lambda fact: -fact[0].weight)


def _against(own: Sequence[Trait]) -> list[Fact]:
    """Returns what speaks against a mirror: what differs as one fact."""
    rest = [it for it in own if it.signal not in _BESIDE and (it.weight < 0 or it.level == "found-first")]
    rest.sort(key=lambda trait: trait.weight)
    different = tuple(trait for trait in rest if trait.level == "different")
    others: list[Fact] = [(trait,) for trait in rest if trait not in different]
    return [different, *others] if different else others


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
    own = [other for other in (*alert.evidence, *alert.counter_evidence) if other.signal == line.signal]
    return Trait(
        line.signal,
        line.level,
        fsum(other.weight for other in own),
        line.because,
        compare(line.signal, alert.platform, line.ours, line.theirs),
        _says_something(line),
        next((other.because for other in own if other.level == SHARED), ""),
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
