"""How right the mind and its readers are, from verdicts: the figures of the lead's page, without I/O.

What the desk calls, with rows of its database turned into :class:`JudgedPair`:

* :func:`latest`: of each alert the latest verdict; give it to everything else
* :func:`overall`, :func:`by_band`, :func:`by`: precision and recall
  (:class:`GroupFigures`), from blind verdicts alone
* :func:`readers_agree`: how often first and second readers agree
* :func:`backlog`: what waits, by age; :func:`waits`: median and 90 % of times to decide or to detect

An estimate (:class:`samehand.scoring.intervals.Estimate`) is ``None`` where fewer than
:data:`VERDICTS_MIN` verdicts of its kind are there: a page says so, and shows no figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final, Literal, NamedTuple

from samehand.scoring.intervals import Estimate, Stratum, found_share, weighted_share, wilson

VERDICTS_MIN: Final = 30
"""Fewer say nothing: of 30 the interval of a share is still some 35 points wide."""

Band = Literal["likely", "possible", "none"]
Answer = Literal["mirror", "not_mirror", "unsure"]
ANSWERS: Final[tuple[Answer, ...]] = ("mirror", "not_mirror", "unsure")

AGES: Final[tuple[tuple[str, float], ...]] = (
    ("under an hour", 3_600.0),
    ("1 to 4 hours", 4 * 3_600.0),
    ("4 to 24 hours", 86_400.0),
    ("1 to 3 days", 3 * 86_400.0),
    ("3 to 7 days", 7 * 86_400.0),
    ("over 7 days", float("inf")),
)
"""Of the backlog: name, and the age in seconds below which it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """One verdict, and what is known of the pair that it judges.

    ``drawn_with``: the probability, above 0, with which the pair came to be read blind. Of an alert that is
    the share of alerts that are read so; of a pair below the bands (band ``none``) what its record on
    `alerts.sample` says, times the share of that topic which the desk shows. ``stratum``: of a pair below the
    bands, its record's. ``signals``: those that speak for a mirror. ``forward``: found as the account came,
    the only pairs of which a sample below the bands is drawn.
    ``independent``: given without knowing what anybody else said of it.
    """

    alert_id: str
    reader: str
    answer: Answer
    decided_at: float
    blind: bool
    band: Band
    drawn_with: float
    stratum: int = 0
    signals: frozenset[str] = frozenset()
    script: str = "none"
    policy: str = ""
    language: str = "none"
    basis: str = "none"
    forward: bool = True
    independent: bool = True

    @property
    def weight(self) -> float:
        """How many pairs it stands for."""
        return 1.0 / self.drawn_with

    @property
    def counts(self) -> bool:
        """True if figures rest on it: blind and decided."""
        return self.blind and self.answer != "unsure"


class GroupFigures(NamedTuple):
    """Of a group of pairs: how many alerts were judged blind (and how many pairs below the bands, how many
    that readers were unsure of), the share of its alerts that are mirrors, and the share of its mirrors that
    alert."""

    alerts: int
    sampled: int
    unsure: int
    precision: Estimate | None
    recall: Estimate | None


def latest(verdicts: Iterable[JudgedPair]) -> list[JudgedPair]:
    """Of each alert the verdict that holds among those given blind, if any was: the latest by ``decided_at``.

    A blind verdict that a later one contradicts which was not given blind (by a lead, on appeal) is left
    out: it was wrong, or the pair is in dispute.
    """
    by_alert: dict[str, list[JudgedPair]] = defaultdict(list)
    for verdict in verdicts:
        by_alert[verdict.alert_id].append(verdict)
    held = []
    for several in by_alert.values():
        several.sort(key=lambda verdict: (verdict.decided_at, verdict.reader))
        blind = [verdict for verdict in several if verdict.blind]
        if not blind:
            continue
        answers = {blind[-1].answer, several[-1].answer}
        if several[-1].blind or len(answers) == 1 or "unsure" in answers:
            held.append(blind[-1])
    return held


def overall(verdicts: Sequence[JudgedPair]) -> GroupFigures:
    """Of all pairs: precision at ``possible`` and above, and recall there."""
    return _figures(verdicts, verdicts)


def by_band(verdicts: Sequence[JudgedPair]) -> dict[str, GroupFigures]:
    """Of ``likely`` and ``possible``: the band's own precision, and recall at the band and above."""
    bands: tuple[Band, ...] = ("likely", "possible")
    return {
        band: _figures(
            [verdict for verdict in verdicts if verdict.band == band], verdicts, bands=bands[: place + 1]
        )
        for place, band in enumerate(bands)
    }


Trait = Literal["signals", "script", "policy", "language", "basis"]
"""What pairs are grouped by: the signals that speak for them (one pair stands in several groups), the script
and language of the new account, the policy and basis of the ban."""


def by(verdicts: Sequence[JudgedPair], trait: Trait) -> dict[str, GroupFigures]:
    """Of the pairs that share each value of a trait."""
    groups: dict[str, list[JudgedPair]] = defaultdict(list)
    for verdict in verdicts:
        value = getattr(verdict, trait)
        for group in value if trait == "signals" else (value,):
            groups[group].append(verdict)
    return {group: _figures(several, several) for group, several in sorted(groups.items())}


def _figures(
    own: Sequence[JudgedPair], all_: Sequence[JudgedPair], bands: Sequence[Band] = ("likely", "possible")
) -> GroupFigures:
    alerts = [verdict for verdict in own if verdict.counts and verdict.band != "none"]
    below = [verdict for verdict in all_ if verdict.counts and verdict.band == "none"]
    precision = None
    if len(alerts) >= VERDICTS_MIN:
        precision = weighted_share(
            [_mirror(verdict) for verdict in alerts], [verdict.weight for verdict in alerts]
        )
    return GroupFigures(
        alerts=len(alerts),
        sampled=len(below),
        unsure=sum(verdict.blind and verdict.answer == "unsure" for verdict in own),
        precision=precision,
        recall=_recall([verdict for verdict in all_ if verdict.counts and verdict.forward], bands),
    )


def _recall(counted: Sequence[JudgedPair], bands: Sequence[Band]) -> Estimate | None:
    below = sum(verdict.band == "none" for verdict in counted)
    above = sum(verdict.band in bands for verdict in counted)
    if min(below, above) < VERDICTS_MIN:
        return None
    strata: dict[tuple[str, int], list[JudgedPair]] = defaultdict(list)
    for verdict in counted:
        strata[verdict.band, verdict.stratum if verdict.band == "none" else 0].append(verdict)
    return found_share(
        [
            Stratum(
                band in bands,
                [_mirror(verdict) for verdict in several],
                [verdict.weight for verdict in several],
            )
            for (band, _), several in sorted(strata.items())
        ]
    )


def _mirror(verdict: JudgedPair) -> bool:
    return verdict.answer == "mirror"


class Agreement(NamedTuple):
    """Of items that two people read blind: how many, how many they agree on, and that share.

    ``left_out``: items that two read blind of whom one may have known what the other had said.
    """

    items: int
    agreed: int
    share: Estimate | None
    left_out: int


def readers_agree(verdicts: Iterable[JudgedPair]) -> Agreement:
    """Of each alert the first two blind verdicts by different readers, neither of whom knew the other's.

    `unsure` is an answer of its own. Give it every verdict, not the latest ones. A reader's later word on the
    same alert does not count: it may have been given knowing the other's. The share is ``None``
    under :data:`VERDICTS_MIN` items.
    """
    first_words: dict[str, dict[str, JudgedPair]] = defaultdict(dict)
    for verdict in sorted(verdicts, key=lambda verdict: (verdict.decided_at, verdict.reader)):
        if verdict.blind:
            first_words[verdict.alert_id].setdefault(verdict.reader, verdict)
    left_out = 0
    items = agreed = 0
    for words in first_words.values():
        if len(words) < 2:
            continue
        first, second = list(words.values())[:2]
        if first.independent and second.independent:
            items += 1
            agreed += first.answer == second.answer
        else:
            left_out += 1
    return Agreement(items, agreed, wilson(agreed, items) if items >= VERDICTS_MIN else None, left_out)


def backlog(opened_at: Iterable[float], now: float) -> dict[str, int]:
    """How many alerts wait, by age (:data:`AGES`), the youngest first; Unix seconds."""
    counts = dict.fromkeys((name for name, _ in AGES), 0)
    for moment in opened_at:
        counts[next(name for name, ends in AGES if now - moment < ends)] += 1
    return counts


class Waits(NamedTuple):
    """Of times that something took: how many, their median and 90 % point in seconds."""

    times: int
    median_seconds: float | None
    p90_seconds: float | None


def waits(seconds: Iterable[float]) -> Waits:
    """Times to decide (``decided_at - detected_at``), or to detect (:func:`seconds_to_detect`)."""
    several = sorted(max(0.0, duration) for duration in seconds)
    if len(several) < VERDICTS_MIN:
        return Waits(len(several), None, None)
    tenths = quantiles(several, n=10, method="inclusive")
    return Waits(len(several), tenths[4], tenths[8])


def seconds_to_detect(seconds_since_ban: float | None, seconds_since_event: float | None) -> float | None:
    """From the ban to the alert, of an alert's two fields; ``None`` where the ban has no known moment.

    An account that was there before the ban could be detected only from the ban on.
    """
    if seconds_since_ban is None:
        return None
    return max(0.0, seconds_since_ban) + max(0.0, seconds_since_event or 0.0)
