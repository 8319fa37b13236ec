"""Scores a pair of fingerprints: log-odds, with the reasons.

The plan:

1. **Compare**: each signal compares two traits, or two whole accounts, and finds a level, or nothing.
2. **Weigh**: the level's row gives a match weight, ``ln(m / u)``; where a crowd shares the value, a line of
   its own shows what that takes away.
3. **Group**: of dependent agreements the best counts whole and the others for a share; so with differences.
4. **Take back**: what the banned account copied from the new one no longer counts.
5. **Cap**: the independent grounds that speak limit the band (:mod:`samehand.scoring.caps`).
6. **Sum**: the prior and all lines make the log-odds exactly. Nothing is added that is not shown.

More agreement never lowers a score and more difference never raises it: each step is monotone by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import Frequencies
from samehand.scoring.caps import SPEAKS_NATS, Condition, Ground
from samehand.scoring.evidence import Evidence, Line, Score
from samehand.scoring.weights import DIFFERENCES, SignalWeights, Weights
from samehand.showings import Showings
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.fan_account import ADMIRER
from samehand.signals.first_shown import FIRST_SHOWN, Order
from samehand.watchlist.platforms import is_list

# Levels at which a whole name agrees: no distinctive word of either side is left out or spelt otherwise.
WHOLE: Final = frozenset(("same-handle", "same", "same-name", "spells-it"))

# The attributes of each signal that every comparison of a pair needs, read once.
_OF_TRAITS: Final = tuple((signal.name, signal.group, signal.compare) for signal in SIGNALS)
_OF_PAIRS: Final = tuple((one.name, one.group, one.beyond, one.between) for one in PAIRWISE)


def score(
    ours: Fingerprint,
    theirs: Fingerprint,
    weights: Weights,
    frequencies: Frequencies,
    *,
    policy: str | None = None,
    showings: tuple[Showings, Showings] | None = None,
    calendar: BanCalendar | None = None,
) -> Score:
    """Scores a new account (``ours``) against a banned one (``theirs``), both of one pepper.

    ``theirs.at`` is the moment of the ban; where either moment is missing, timing says nothing. ``calendar``
    tells when others were banned; without it the moment has its shipped weight. ``policy`` is the ban's, by
    whose thresholds the band is set. ``showings`` are ours and theirs, if they are known.
    """
    sight = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        ours.at,
        None if ours.at is None or theirs.at is None else ours.at - theirs.at,
        to_the_day=ours.at_is_day or theirs.at_is_day,
        calendar=calendar,
        policy=policy,
    )
    lines = _compared(ours, theirs, sight, weights)
    shown = _grouped(lines, weights)
    speaking = lines
    if showings is not None:
        speaking = _taken_back(lines, shown, showings, weights)
    prior = weights.prior(frequencies.bans)
    log_odds = _sum(prior, shown)
    conditions = _conditions(theirs, speaking, weights)
    held = _capped(log_odds, speaking, conditions, weights, policy)
    if held is not None:
        shown.append(held)
        log_odds = _sum(prior, shown)
    probability = weights.probability(log_odds)
    return Score(prior, tuple(shown), log_odds, probability, weights.band(probability, policy))


def _sum(prior: float, shown: Iterable[Evidence]) -> float:
    return math.fsum([prior, *[line.weight for line in shown]])


def _compared(
    ours: Fingerprint, theirs: Fingerprint, sight: ComparisonContext, weights: Weights
) -> list[Line]:
    """A line for each signal that finds a level, weighed by itself."""
    tables = weights.signals
    lines = [
        _weighed(name, group, finding, tables[name])
        for (name, group, compare), mine, other in zip(_OF_TRAITS, ours.traits, theirs.traits, strict=True)
        if mine is not None and other is not None and (finding := compare(mine, other, sight)) is not None
    ]
    for name, group, beyond, between in _OF_PAIRS:
        if (finding := between(ours.trait, theirs.trait, sight)) is not None:
            line = _weighed(name, group, finding, tables[name])
            line.beyond = beyond
            lines.append(line)
    return lines


def _weighed(name: str, group: str | None, finding: Comparison, table: SignalWeights) -> Line:
    """The line of the heaviest among a comparison and the laxer ones that hold as well (``also``)."""
    line = _weighed_alone(name, group, finding, table)
    whole = line.weight if finding.level in WHOLE else 0.0
    for also in finding.also:
        other = _weighed_alone(name, group, also, table)
        if also.level in WHOLE:
            whole = max(whole, other.weight)
        if other.weight > line.weight:
            line = other
    line.whole = whole if table.ground == "names" else 0.0
    return line


def _weighed_alone(name: str, group: str | None, finding: Comparison, table: SignalWeights) -> Line:
    if finding.rate is None:
        weight = table.as_shipped[finding.level]
        return Line(name, group, table.ground, finding, weight, weight)
    weight = unshared = table.nats(finding.level, finding.rate)
    if finding.crowd and finding.rate_unshared is not None:
        unshared = max(weight, table.nats(finding.level, finding.rate_unshared))
    return Line(name, group, table.ground, finding, weight, unshared)


def _adding(lines: Sequence[Line], weights: Weights) -> list[tuple[float, float]]:
    """For each line what it adds (nats), and what it would add if nobody else were counted with its value.

    The best line of a group counts whole, the others for a share. A line ``beyond`` others counts for what
    exceeds the best of them.
    """
    best: dict[str, Line] = {}
    groups: list[str | None] = []
    for line in lines:
        group = line.group if line.weight > 0.0 and not line.beyond else None
        if line.weight < 0.0 and line.finding.level in DIFFERENCES:
            group = "apart"
        groups.append(group)
        if group is not None and abs(line.weight) > abs(best.setdefault(group, line).weight):
            best[group] = line
    adding = []
    for line, group in zip(lines, groups, strict=True):
        share = 1.0 if group is None or best[group] is line else weights.group_shares.get(group, 1.0)
        less = 0.0
        if line.beyond:
            less = max((one.weight for one in lines if one.signal in line.beyond), default=0.0)
        weight, unshared = (
            max(nats - less, 0.0) if less > 0.0 else nats for nats in (line.weight, line.unshared)
        )
        adding.append((weight * share, unshared * share))
    return adding


def _grouped(lines: Sequence[Line], weights: Weights) -> list[Evidence]:
    """The lines as evidence, each with what it adds; what a crowd takes away is a line of its own."""
    shown = []
    for line, (weight, unshared) in zip(lines, _adding(lines, weights), strict=True):
        if line.beyond and unshared <= 0.0:
            continue  # another line says the same
        finding = line.finding
        shown.append(Evidence(line.signal, unshared, finding.level, finding.because))
        if weight < unshared:
            crowd = f"This is shared: about {finding.crowd:,} accounts were counted with it."
            shown.append(Evidence(line.signal, weight - unshared, "shared-by-many", crowd))
    return shown


def _taken_back(
    lines: list[Line], shown: list[Evidence], showings: tuple[Showings, Showings], weights: Weights
) -> list[Line]:
    """Takes back the weight of copied values that ours showed first; returns the lines that still count.

    Adds to ``shown`` a line with what the score would lack without them, and one that names the values of
    which nobody knows who showed them first.
    """
    copied = [
        (line, FIRST_SHOWN.order(line.signal, *showings))
        for line in lines
        if line.weight > 0 and FIRST_SHOWN.copied(line.signal, line.finding.level)
    ]
    first = [line for line, order in copied if order is Order.FOUND]
    rest = [line for line in lines if line not in first]
    if first:
        finding = FIRST_SHOWN.found_first([line.signal for line in first], showings[0])
        bound = max(-weights.signals[FIRST_SHOWN.name].as_shipped[finding.level], 0.0)
        without = math.fsum([line.weight for line in _grouped(rest, weights)])
        gave = max(math.fsum([line.weight for line in shown]) - without, 0.0)
        shown.append(Evidence(FIRST_SHOWN.name, -min(gave, bound), finding.level, finding.because))
    doubtful = [
        line.signal for line, order in copied if order is Order.UNKNOWN and line.weight >= SPEAKS_NATS
    ]
    if doubtful:
        finding = FIRST_SHOWN.unknown(doubtful)
        shown.append(Evidence(FIRST_SHOWN.name, 0.0, finding.level, finding.because))
    return rest


def _conditions(theirs: Fingerprint, lines: Sequence[Line], weights: Weights) -> tuple[Condition, ...]:
    """The conditions of the pair under which some rows of the table of caps do not count."""
    found: list[Condition] = []
    if is_list(theirs.platform):
        found.append("official-list")
    if any(line.signal == ADMIRER.name for line in lines):
        found.append("fan-account")
    if max((line.whole for line in lines), default=0.0) < weights.caps.whole_from:
        found.append("names-in-part")
    return tuple(found)


def _grounds(lines: Sequence[Line], weights: Weights) -> dict[Ground, float]:
    """What each ground weighs (nats): its agreeing lines, grouped among themselves only."""
    by_ground: dict[Ground, list[Line]] = {}
    for line in lines:
        if line.ground is not None and line.weight > 0.0:
            by_ground.setdefault(line.ground, []).append(line)
    return {
        ground: math.fsum([weight for weight, _ in _adding(some, weights)])
        for ground, some in by_ground.items()
    }


def _capped(
    log_odds: float,
    lines: Sequence[Line],
    conditions: tuple[Condition, ...],
    weights: Weights,
    policy: str | None,
) -> Evidence | None:
    """The line that presses a pair below the band that its grounds do not allow; ``None`` for most pairs."""
    caps = weights.caps
    # Most pairs lie so low that no cap applies.
    if log_odds <= weights.alerts_from(policy) - caps.room:
        return None
    nats = _grounds(lines, weights)
    most = caps.most(nats, conditions)
    if most == "likely":
        return None
    from_possible = weights.alerts_from(policy)
    if most == "none":
        pressed = caps.pressed(log_odds, from_possible)
    else:
        pressed = caps.pressed(log_odds, weights.likely_from(policy), from_possible)
    held = pressed - log_odds
    return Evidence("rule", held, "capped", caps.sentence(most, nats, conditions)) if held < 0.0 else None
