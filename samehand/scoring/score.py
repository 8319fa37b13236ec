"""Scores a pair of fingerprints: log-odds against all rival explanations, with the reasons.

The plan:

1. **Compare**: each signal compares two traits, or two whole accounts, and finds a level, or nothing.
2. **Weigh**: the level's row gives a match weight against each rival, ``ln m - ln u``: much against a
   stranger if the value is rare, next to nothing against a rival that explains it.
3. **Set aside**: what this account showed before the banned one copied it weighs nothing against any rival,
   nor does a value in quarantine. Copied values of which nobody knows who showed them first make no pair
   `likely`.
4. **Add up** for each rival: of dependent lines the best counts whole and the others for a share.
5. **Show** the prior and the lines against the strongest rival, and one line with what the others take away:
   they sum to the log-odds exactly.
6. **Name the band**: by the policy's thresholds, but never for a name on a list alone, whatever the table
   and the thresholds are.

More agreement never lowers a score and more difference never raises it, since that holds against each rival.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import Frequencies, NothingCounted
from samehand.keys import Key, KeyKind, kind_of
from samehand.scoring.evidence import (
    CROWD,
    OTHERS,
    SENTENCES,
    SET_ASIDE,
    SHARED,
    Evidence,
    Line,
    RivalShare,
    Score,
)
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import DIFFERENCES, SignalWeights, Weights
from samehand.showings import Showings
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.first_shown import FIRST_SHOWN, Order
from samehand.signals.mention import MENTION
from samehand.signals.timing import TIMING
from samehand.watchlist.platforms import is_list

# The attributes of each signal that every comparison of a pair needs, read once.
_OF_TRAITS: Final = tuple((signal.name, signal.group, signal.compare) for signal in SIGNALS)
_OF_PAIRS: Final = tuple((signal.name, signal.group, signal.beyond, signal.between) for signal in PAIRWISE)
_BY_CALENDAR: Final = tuple(rival.by_calendar for rival in RIVALS)
_COUNTS: Final = NothingCounted()

InQuarantine = Callable[[Key], bool]
"""True if a value is in quarantine."""

SPEAKS_NATS: Final = 0.7
"""A smaller weight, below a factor of two, says nothing worth a doubt."""
_OF_ONE_HAND: Final = frozenset((KeyKind.EMAIL, KeyKind.PHONE, KeyKind.DEVICE, KeyKind.PAYMENT))
_BELOW_LIKELY_NATS: Final = 0.1  # so that the rounded probability reads below the threshold as well


def score(
    ours: Fingerprint,
    theirs: Fingerprint,
    weights: Weights,
    frequencies: Frequencies,
    *,
    policy: str | None = None,
    showings: tuple[Showings, Showings] | None = None,
    calendar: BanCalendar | None = None,
    quarantined: InQuarantine | None = None,
) -> Score:
    """Scores a new account (``ours``) against a banned one (``theirs``), both of one pepper.

    ``theirs.at`` is the moment of the ban; where either moment is missing, timing says nothing. ``calendar``
    tells when others were banned; without it the moment has its shipped weight. ``policy`` is the ban's, by
    whose thresholds the band is set. ``showings`` are ours and theirs, if they are known.
    ``quarantined`` says which values weigh nothing; ``None``: no value is in quarantine.
    """
    bans = frequencies.bans
    since = None if ours.at is None or theirs.at is None else ours.at - theirs.at
    context = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        ours.at,
        since,
        to_the_day=ours.at_is_day or theirs.at_is_day,
        calendar=calendar,
        policy=policy,
        shipped=weights.rates(bans),
    )
    lines = _compared(ours, theirs, context, weights, quarantined)
    copied = _set_aside(lines, showings) if showings is not None else []
    priors = weights.rival_priors(bans, since, listed=is_list(theirs.platform))
    adding = _adding(lines, weights)
    strongest, parts, _ = _against(adding, priors)
    total = math.fsum(parts)
    prior = weights.prior(bans) - priors[strongest]
    if showings is not None and (doubtful := _copied(lines, showings, Order.UNKNOWN)):
        most = weights.log_odds_at(weights.bands_of(policy).likely) - _BELOW_LIKELY_NATS - weights.prior(bans)
        copied += _of_unknown_order(lines, doubtful, weights, priors, most)
    others = Evidence(OTHERS[0], -math.log(total), OTHERS[1], SENTENCES[OTHERS])
    shown = [*_shown(lines, adding, strongest), *copied, *_in_quarantine(lines, quarantined), others]
    log_odds = math.fsum([prior, *[line.weight for line in shown]])
    probability = weights.probability(log_odds)
    order = sorted(range(len(parts)), key=lambda place: -parts[place])
    rivals = [RivalShare(RIVALS[at].name, parts[at] / total, RIVALS[at].sentence) for at in order]
    names_alone = is_list(theirs.platform) and not any(
        line.signal == MENTION.name and line.weight > 0.0 for line in lines
    )
    band = "none" if names_alone else weights.band(probability, policy)
    return Score(prior, tuple(shown), log_odds, probability, band, tuple(rivals))


class ChanceLine(NamedTuple):
    """What one signal weighs (nats) against chance alone, and the level at which it agrees or differs."""

    signal: str
    level: str
    nats: float


def against_chance(
    ours: Fingerprint,
    theirs: Fingerprint,
    weights: Weights,
    frequencies: Frequencies = _COUNTS,
    quarantined: InQuarantine | None = None,
) -> list[ChanceLine]:
    """Returns what each signal weighs against chance alone, at any moment, by ``frequencies``.

    Without these, and of values that belong to somebody, at shipped rates.
    """
    context = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        None,
        None,
        shipped=weights.rates(_COUNTS.bans),
    )
    lines = _compared(ours, theirs, context, weights, quarantined)
    return [
        ChanceLine(line.signal, line.comparison.level, adds[0])
        for line, adds in zip(lines, _adding(lines, weights), strict=True)
    ]


def _compared(
    ours: Fingerprint,
    theirs: Fingerprint,
    context: ComparisonContext,
    weights: Weights,
    quarantined: InQuarantine | None = None,
) -> list[Line]:
    """A line for each signal that finds a level, weighed by itself; without weight if in quarantine."""
    tables = weights.signals
    lines = [
        _weighed(name, group, comparison, tables[name])
        for (name, group, compare), mine, other in zip(_OF_TRAITS, ours.traits, theirs.traits, strict=True)
        if mine is not None
        and other is not None
        and (comparison := compare(mine, other, context)) is not None
    ]
    for name, group, beyond, between in _OF_PAIRS:
        if (comparison := between(ours.trait, theirs.trait, context)) is not None:
            line = _weighed(name, group, comparison, tables[name])
            line.beyond = beyond
            lines.append(line)
    if quarantined is not None:
        lines = [_without_quarantined(line, tables[line.signal], quarantined) for line in lines]
    return lines


def _without_quarantined(line: Line, table: SignalWeights, quarantined: InQuarantine) -> Line:
    """The line by what rests on no value in quarantine; the line without weight where nothing is left."""
    comparisons = (line.comparison, *line.comparison.also)
    kept = [comparison for comparison in comparisons if not any(map(quarantined, comparison.values))]
    if len(kept) == len(comparisons):
        return line
    held = tuple([comparison for comparison in comparisons if comparison not in kept])
    if kept:
        beyond = line.beyond
        line = _weighed(line.signal, line.group, replace(kept[0], also=tuple(kept[1:])), table)
        line.beyond = beyond
    elif line.weight > 0.0:
        _weigh_nothing(line)
    line.quarantined = held
    return line


def _weigh_nothing(line: Line) -> None:
    line.weight = line.unshared = 0.0
    line.against = (0.0,) * len(RIVALS)


def _weighed(name: str, group: str | None, comparison: Comparison, table: SignalWeights) -> Line:
    """The line of the heaviest among a comparison and the laxer ones that hold as well (``also``).

    Against each rival the heaviest of them counts.
    """
    line = _weighed_alone(name, group, comparison, table)
    for also in comparison.also:
        other = _weighed_alone(name, group, also, table)
        against = tuple([max(pair) for pair in zip(line.against, other.against, strict=True)])
        if other.weight > line.weight:
            line = other
        line.against = against
    return line


def _weighed_alone(name: str, group: str | None, comparison: Comparison, table: SignalWeights) -> Line:
    level, limits, less = (
        comparison.level,
        table.limits[comparison.level],
        table.less.get(comparison.level, ()),
    )
    if comparison.rate is None:
        weight = unshared = table.as_shipped[level]
    else:
        weight = unshared = table.nats(level, comparison.rate)
        if comparison.crowd and comparison.rate_unshared is not None:
            unshared = max(weight, table.nats(level, comparison.rate_unshared))
    if name == TIMING.name:
        by_clock = table.as_shipped[level]
        nats = [weight if by_calendar else by_clock for by_calendar in _BY_CALENDAR]
        against = tuple([_limited(each, limit) for each, limit in zip(nats, limits, strict=True)])
    elif less:
        against = tuple(
            [min(max(weight - lost, 0.0), limit) for lost, limit in zip(less, limits, strict=True)]
        )
    else:
        against = tuple([_limited(weight, limit) for limit in limits])
    return Line(name, group, comparison, weight, unshared, limits, against, less)


def _limited(nats: float, limit: float) -> float:
    """An agreement weighs no more than its limit, a difference no less."""
    return min(nats, limit) if nats > 0.0 else max(nats, limit) if nats < 0.0 else 0.0


def _adding(lines: Sequence[Line], weights: Weights) -> list[tuple[float, ...]]:
    """What each line adds against each rival.

    The best line of a group counts whole, the others for a share. A line ``beyond`` others counts for what
    exceeds the best of them.
    """
    adding = [line.against for line in lines]
    groups: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        if line.weight > 0.0 and line.beyond:
            alike = [other.against for other in lines if other.signal in line.beyond]
            rivals = zip(line.against, *alike, strict=True)
            adding[place] = tuple([max(nats - max([0.0, *others]), 0.0) for nats, *others in rivals])
        elif line.weight > 0.0 and line.group is not None:
            groups.setdefault(line.group, []).append(place)
        elif line.weight < 0.0 and line.comparison.level in DIFFERENCES:
            groups.setdefault("apart", []).append(place)
    for group, places in groups.items():
        if len(places) > 1:
            share = weights.group_shares.get(group, 1.0)
            of_rivals = zip(*[adding[place] for place in places], strict=True)
            shared = zip(*[_shared(nats, share) for nats in of_rivals], strict=True)
            for place, adds in zip(places, shared, strict=True):
                adding[place] = adds
    return adding


def _against(adding: Sequence[tuple[float, ...]], priors: Sequence[float]) -> tuple[int, list[float], float]:
    """The place of the strongest rival, the odds of each beside it, and of all beside a mirror (nats)."""
    terms = [prior - math.fsum([adds[place] for adds in adding]) for place, prior in enumerate(priors)]
    strongest = max(range(len(terms)), key=lambda place: terms[place])
    parts = [math.exp(term - terms[strongest]) for term in terms]
    return strongest, parts, terms[strongest] + math.log(math.fsum(parts))


def _shared(nats: tuple[float, ...], share: float) -> list[float]:
    """What lines of one group and one sign add: the best of them whole, the others a share."""
    adds = [each * share for each in nats]
    best = nats.index(max(nats, key=abs))
    adds[best] = nats[best]
    return adds


def _shown(lines: Sequence[Line], adding: Sequence[tuple[float, ...]], rival: int) -> list[Evidence]:
    """The lines as evidence against one rival; what a crowd takes away is a line of its own."""
    shown = []
    explains = f"{RIVALS[rival].who.capitalize()} explains it."
    for line, of_rivals in zip(lines, adding, strict=True):
        comparison, nats, adds = line.comparison, line.against[rival], of_rivals[rival]
        alike = [other.weight for other in lines if other.signal in line.beyond]
        if line.beyond and adds <= 0.0 and line.unshared <= max([0.0, *alike]):
            continue  # another line says the same
        # What the crowd takes away is shared as the line itself is.
        less = line.less[rival] if line.less else 0.0
        unshared = nats
        if line.unshared > line.weight:
            unshared = _limited(max(line.unshared - less, 0.0), line.limits[rival])
        whole = adds * (unshared / nats) if nats > 0.0 else adds + max(unshared - nats, 0.0)
        explained = 0.0 <= nats < line.weight and line.limits[rival] < line.weight - less
        because = comparison.because or SENTENCES[line.signal, comparison.level]
        if explained:
            because = f"{because} {explains}"
        shown.append(Evidence(line.signal, whole, comparison.level, because, explained, comparison.values))
        if whole > adds:
            crowd = CROWD % {"n": f"{comparison.crowd:,}"}
            shown.append(Evidence(line.signal, adds - whole, SHARED, crowd))
    return shown


def _copied(lines: Sequence[Line], showings: tuple[Showings, Showings], order: Order) -> list[Line]:
    """The lines that speak for a pair by values that can be copied, of one order."""
    speaking = [line for line in lines if line.weight > 0]
    copied = [line for line in speaking if FIRST_SHOWN.copied(line.signal, line.comparison.level)]
    return [line for line in copied if FIRST_SHOWN.order(line.signal, *showings) is order]


def _set_aside(lines: Sequence[Line], showings: tuple[Showings, Showings]) -> list[Evidence]:
    """Takes all weight from copied values that ours showed first: they do not favour either explanation.

    Returns a line that names them.
    """
    first = _copied(lines, showings, Order.FOUND)
    if not first:
        return []
    said = FIRST_SHOWN.found_first([line.signal for line in first], showings[0])
    for line in first:
        _weigh_nothing(line)
    return [Evidence(FIRST_SHOWN.name, 0.0, said.level, said.because)]


def _of_unknown_order(
    lines: Sequence[Line], doubtful: Sequence[Line], weights: Weights, priors: Sequence[float], most: float
) -> list[Evidence]:
    """A line that names values of unknown order, if they say anything.

    It takes back what carries a pair above ``most`` (nats). The score of all other lines stands, and what
    nobody can copy, nor a neighbourhood share, adds to ``most`` what it adds to nothing. So one fact more
    never lowers a score.
    """

    def odds(some: Sequence[Line]) -> float:
        return -_against(_adding(some, weights), priors)[2]

    known = [line for line in lines if line not in doubtful]
    own = [line for line in known if _OF_ONE_HAND.intersection(map(kind_of, line.comparison.values))]
    excess = max(odds(lines) - max(odds(known), most + odds(own) - odds(())), 0.0)
    named = [line.signal for line in doubtful if excess or line.weight >= SPEAKS_NATS]
    if not named:
        return []
    said = FIRST_SHOWN.unknown(named, capped=excess > 0.0)
    return [Evidence(FIRST_SHOWN.name, -excess, said.level, said.because)]


def _in_quarantine(lines: Sequence[Line], quarantined: InQuarantine | None) -> list[Evidence]:
    """One line that names what weighs nothing, and its values."""
    held = {line.signal: line.quarantined for line in lines if line.quarantined}
    if not held or quarantined is None:
        return []
    values = dict.fromkeys(
        value
        for comparisons in held.values()
        for comparison in comparisons
        for value in comparison.values
        if quarantined(value)
    )
    because = f"{SENTENCES[SET_ASIDE][:-1]} ({', '.join(sorted(held))})."
    return [Evidence(SET_ASIDE[0], 0.0, SET_ASIDE[1], because, values=tuple(values))]
