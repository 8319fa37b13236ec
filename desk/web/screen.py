"""One decision as it is shown: traits beside each other, the reasons that matter first, and the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desk.review.people import Person, people, quoted_bio
from desk.review.seal import MASKED
from desk.settings.profiles import profile_url
from desk.web.compare import ComparedValues, compare
from report.waterfall.steps import Scale, WaterfallStep, steps
from samehand.normalize.contact.redact import MASK
from samehand.scoring.evidence import RIVALS_LINE, SHARED
from schemas.alerts import EvidenceLine, InnocentReason, MirrorAlert

STRONGEST: Final = 3
"""Reasons for, and against, that one reads first."""

_LENGTH: Final = 1_000.0
"""Of the drawing in which bars lie; its width on the screen is the screen's."""

_TRAITS: Final = ("name", "handle", "bio", "avatar")
"""Shown first, in the order in which a person looks at an account."""


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
    explained: bool = False
    quoted: bool = True
    crowd: str = ""

    @property
    def silent(self) -> bool:
        """True if it moves nothing: neither the score nor an explanation."""
        return not self.weight and not self.explained


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
    """What the page of an alert is made of. `silent`: traits that say nothing, apart from `traits`."""

    traits: tuple[Trait, ...]
    speaking_for: tuple[Trait, ...]
    speaking_against: tuple[Trait, ...]
    rows: tuple[Bar, ...]
    zero: float
    what_else: tuple[InnocentReason, ...] = ()
    silent: tuple[Trait, ...] = ()


def screen(alert: MirrorAlert, *, blind: bool) -> AlertScreen:
    """The page's parts. Of what is read blind: the traits alone, in an order that tells nothing."""
    lines = (*alert.evidence, *alert.counter_evidence)
    own_lines = [line for line in lines if line.level != SHARED]
    places = {signal: place for place, signal in enumerate(_TRAITS)}
    traits = tuple(
        sorted(
            (_trait(alert, line) for line in own_lines),
            key=lambda trait: (places.get(trait.signal, len(places)), trait.signal),
        )
    )
    if blind:
        return AlertScreen(traits, (), (), (), 0.0)
    drawn = steps(alert.prior, alert.evidence, alert.counter_evidence, alert.log_odds)
    scale = Scale.over(drawn, _LENGTH)
    return AlertScreen(
        traits=tuple(trait for trait in traits if trait.shown and not trait.silent),
        speaking_for=_strongest(alert, alert.evidence),
        speaking_against=_strongest(alert, alert.counter_evidence),
        rows=tuple(Bar(step, *scale.bar(step), step.end) for step in drawn),
        zero=scale.place(0.0),
        what_else=alert.rivals,
        silent=tuple(trait for trait in traits if trait.shown and trait.silent),
    )


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
        line.explained,
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


def _strongest(alert: MirrorAlert, lines: Sequence[EvidenceLine]) -> tuple[Trait, ...]:
    weighing = [line for line in lines if (line.weight or line.explained) and line.signal != RIVALS_LINE]
    weighing.sort(key=lambda line: -abs(line.weight))
    return tuple(_trait(alert, line) for line in weighing[:STRONGEST])
