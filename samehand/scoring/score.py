"""Scores a pair of fingerprints: the odds of one hand against all rival explanations, with the reasons.

Every explanation is a process that makes sign-ups, in accounts a second for one ban. The odds are the rate at
which mirrors arrive at this moment and show all this, over the sum of the same of all rivals:

1. **Compare**: each signal compares two traits, or two whole accounts, and finds a level, or nothing.
2. **Weigh**: the level's row gives a match weight against each rival, ``ln m - ln u``: much against a
   stranger if the value is rare, next to nothing against a rival that explains it.
3. **Set aside**: what this account showed before the banned one copied it weighs nothing against any rival.
4. **Add up** for each rival: of dependent lines the best counts whole and the others for a share. What one
   name or one organisation explains counts once, by the rarest of its lines.
5. **Show** the prior, the moment, the lines against a stranger, and what each innocent reason takes away: of
   all that they take together, its part of the rates beyond chance. They sum to the log-odds exactly.
6. **Hold** what public or shared things alone can reach (:mod:`samehand.scoring.ceilings`).
7. **Name the band**: by the policy's thresholds, but never for a name on a list alone, whatever the table
   and the thresholds are.

More agreement never lowers a score and more difference never raises it, since that holds against each rival.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import OF_THE_PAIR, Frequencies, NothingCounted
from samehand.frequency.strata import is_of_titles
from samehand.scoring.ceilings import SPEAKS_NATS, Ceiling, ceiling
from samehand.scoring.evidence import (
    CEILING,
    CROWD,
    OTHERS,
    RIVALS_LINE,
    SENTENCES,
    SHARED,
    Evidence,
    InnocentReason,
    Line,
    Score,
)
from samehand.scoring.rivals import MAY_COVER, RIVALS
from samehand.scoring.weights import DIFFERENCES, Flow, SignalWeights, Weights
from samehand.showings import Showings
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.first_shown import FIRST_SHOWN, Order
from samehand.signals.mention import MENTION
from samehand.signals.phone import PHONE
from samehand.signals.timing import TIMING
from samehand.verdict import NOBODY, Cleared
from samehand.watchlist.platforms import is_list

# The attributes of each signal that every comparison of a pair needs, read once.
_OF_TRAITS: Final = tuple((signal.name, signal.group, signal.compare) for signal in SIGNALS)
_OF_PAIRS: Final = tuple((signal.name, signal.group, signal.beyond, signal.between) for signal in PAIRWISE)
_COUNTS: Final = NothingCounted()

_BELOW_NATS: Final = 0.1
"""How far a held score is below its threshold, so that the rounded probability reads below it as well."""

_TOLD_NATS: Final = 0.1
"""A reason that takes away less changes no decision, and is not named."""

_CROWD_HALF: Final = 20.0
"""Of so many others who show a value, half belong to one organisation."""
_OVERLAP: Final = 0.5
"""Of an organisation's people as many show its other values, too."""
_OF_CROWDS: Final = frozenset(("network", "email", "bio", "contact", "referrer", "avatar", "agent"))
"""Signals whose values an organisation's people share."""


def score(
    ours: Fingerprint,
    theirs: Fingerprint,
    weights: Weights,
    frequencies: Frequencies,
    *,
    policy: str | None = None,
    showings: tuple[Showings, Showings] | None = None,
    cleared: Cleared = NOBODY,
) -> Score:
    """Scores a new account (``ours``) against a banned one (``theirs``), both of one pepper.

    ``theirs.at`` is the moment of the ban; where either moment is missing, it says nothing. ``policy`` is the
    ban's, by whose thresholds the band is set. ``showings`` are ours and theirs, if they are known.
    ``cleared``: whom people have cleared of the ban.
    """
    sign_ups = frequencies.sign_ups.of(ours.platform)
    flow = Flow(sign_ups.usual, frequencies.bans)
    since = None if ours.at is None or theirs.at is None else ours.at - theirs.at
    listed, by_day = is_list(theirs.platform), ours.at_is_day or theirs.at_is_day
    context = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        shipped=weights.rates(flow.per_second),
        named_first=FIRST_SHOWN.named_first(showings, since, to_the_day=by_day),
        came_after=FIRST_SHOWN.came_after(showings, since, theirs.at, to_the_day=by_day),
    )
    lines = _compared(ours, theirs, context, weights)
    copied = _set_aside(lines, showings) if showings is not None else []
    if showings is not None and (doubtful := _copied(lines, showings, Order.UNKNOWN)):
        copied += _of_unknown_order(doubtful)
    # Of all reasons only a former holder's grows with time, and it explains a number.
    stale_days = max([line.comparison.stale_days for line in lines if line.signal == PHONE.name], default=0)
    rates = weights.rival_rates(
        flow, since, listed=listed, to_the_day=by_day, cleared=cleared, stale_days=stale_days
    )
    adding = _adding(lines, weights)
    titled = is_of_titles(ours.stratum) and is_of_titles(theirs.stratum)
    if titled:
        rates = [0.0 if rival.of_people else rate for rival, rate in zip(RIVALS, rates, strict=True)]
    beside = _against(lines, adding, [rate / flow.per_second for rate in rates])
    taken, takes = _taken(beside)
    reasons = _reasons(lines, adding, takes)
    evenly = weights.mirrors(flow, None, listed=listed)
    moment = math.log(weights.mirrors(flow, since, listed=listed, to_the_day=by_day) / evenly)
    timed = TIMING.moment(ours.at, since, to_the_day=by_day) if not listed else None
    prior = math.log(evenly / flow.per_second)
    shown = [
        *_shown(lines, adding, reasons),
        *([Evidence(TIMING.name, moment, timed.level, timed.because)] if timed is not None else []),
        *copied,
        *[Evidence(RIVALS_LINE, -reason.takes, reason.name, reason.sentence) for reason in reasons],
        Evidence(
            OTHERS[0], math.fsum([reason.takes for reason in reasons]) - taken, OTHERS[1], SENTENCES[OTHERS]
        ),
    ]
    log_odds = math.fsum([prior, *[line.weight for line in shown]])
    rush, bands = math.log(sign_ups.latest / sign_ups.usual), weights.bands_of(policy)
    held = ceiling(lines, since, bands, titled=titled)
    if held is None and rush > 0.0 and log_odds < weights.log_odds_at(bands.likely) + rush:
        held = Ceiling(bands.likely, "rush")
    if held is not None:
        excess = log_odds - weights.log_odds_at(_just_below(held.below))
        if excess > 0.0:
            shown.append(Evidence(CEILING, -excess, held.level, SENTENCES[CEILING, held.level]))
            log_odds = math.fsum([prior, *[line.weight for line in shown]])
    probability = weights.probability(log_odds)
    names_alone = listed and not any(line.signal == MENTION.name and line.weight > 0.0 for line in lines)
    band = "none" if names_alone else weights.band(probability, policy)
    return Score(prior, tuple(shown), log_odds, probability, band, tuple(reasons))


def _taken(beside: Sequence[float]) -> tuple[float, list[float]]:
    """What all rivals take away (nats), and each one's part: as its rate exceeds its share of chance."""
    most = max([0.0, *beside])  # left out of each exponential, of which a large one would overflow
    beyond = [
        max(math.exp(nats - most) - rival.share * math.exp(-most), 0.0)
        for nats, rival in zip(beside, RIVALS, strict=True)
    ]
    total = math.fsum(beyond)
    taken = most + math.log(math.exp(-most) + total) if most else math.log1p(total)
    return taken, [taken * part / total if total > 0.0 else 0.0 for part in beyond]


def _reasons(
    lines: Sequence[Line], adding: Sequence[tuple[float, ...]], takes: Sequence[float]
) -> list[InnocentReason]:
    """The innocent reasons that agreeing values support, the strongest first."""
    agreeing = [
        line for line, adds in zip(lines, adding, strict=True) if line.weight >= SPEAKS_NATS and adds[0] > 0.0
    ]
    signals = {line.signal for line in agreeing}
    reasons = [
        InnocentReason(
            rival.name,
            takes[place],
            tuple([line.signal for line in agreeing if _covers(line, place)]),
            rival.sentence,
        )
        for place, rival in enumerate(RIVALS)
        if takes[place] >= _TOLD_NATS and all(signals & some for some in rival.needs)
    ]
    return sorted([reason for reason in reasons if reason.covers], key=lambda reason: -reason.takes)


def _covers(line: Line, place: int) -> bool:
    """Whether a rival explains most of an agreement, or its people share such values more than others do."""
    if line.signal not in MAY_COVER[place]:
        return False
    commoner = line.less[place] if line.less else 0.0
    return 2.0 * line.against[place] <= line.weight or commoner >= SPEAKS_NATS


def _just_below(probability: float) -> float:
    odds = probability / (1.0 - probability) * math.exp(-_BELOW_NATS)
    return odds / (1.0 + odds)


def _against(
    lines: Sequence[Line], adding: Sequence[tuple[float, ...]], rates: Sequence[float]
) -> list[float]:
    """Returns how much commoner (nats) each rival's accounts that show all this are than chance makes them.

    ``rates``: of each rival, as a part of all sign-ups. A rival that is a part of chance keeps that part at
    least: what follows from one name or crowd is never rarer than by chance.
    """
    said = [math.fsum([adds[place] for adds in adding]) for place in range(len(RIVALS))]
    beside = []
    for place, (rival, nats, rate) in enumerate(zip(RIVALS, said, rates, strict=True)):
        linked = nats + _the_rarest(lines, place) if rival.one_name or rival.one_crowd else nats
        often = math.log(rate) if rate else -math.inf
        beside.append(often + said[0] - (min(linked, said[0]) if rival.share else linked))
    return beside


def _the_rarest(lines: Sequence[Line], place: int) -> float:
    """What the rarest of linked lines says beyond what the rival at ``place`` leaves of it."""
    rival = RIVALS[place]
    beyond = [
        line.weight - (line.less[place] if line.less else 0.0) - line.against[place]
        for line in lines
        if line.weight > 0.0 and (line.group == "name" if rival.one_name else line.signal in _OF_CROWDS)
    ]
    return max([0.0, *beyond])


class ChanceLine(NamedTuple):
    """What one signal weighs (nats) against chance alone, and the level at which it agrees or differs."""

    signal: str
    level: str
    nats: float


def against_chance(
    ours: Fingerprint, theirs: Fingerprint, weights: Weights, frequencies: Frequencies = _COUNTS
) -> list[ChanceLine]:
    """Returns what each signal weighs against chance alone, at any moment, by ``frequencies``.

    Without these, and of values that belong to somebody, at shipped rates.
    """
    context = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        shipped=weights.rates(_COUNTS.sign_ups.of(ours.platform).usual),
    )
    lines = _compared(ours, theirs, context, weights)
    return [
        ChanceLine(line.signal, line.comparison.level, adds[0])
        for line, adds in zip(lines, _adding(lines, weights), strict=True)
    ]


def _compared(
    ours: Fingerprint, theirs: Fingerprint, context: ComparisonContext, weights: Weights
) -> list[Line]:
    """A line for each signal that finds a level, weighed by itself."""
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
    return lines


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
    rate = comparison.rate
    if rate is None:
        weight = unshared = table.as_shipped[level]
        rate = table.levels[level].u or 0.0
    else:
        weight = unshared = table.nats(level, rate)
        if comparison.crowd and comparison.rate_unshared is not None:
            unshared = max(weight, table.nats(level, comparison.rate_unshared))
    if less:
        against = tuple(
            [min(max(weight - lost, 0.0), limit) for lost, limit in zip(less, limits, strict=True)]
        )
    else:
        against = tuple([_limited(weight, limit) for limit in limits])
    others = comparison.crowd - OF_THE_PAIR
    if weight > 0.0 and others > 0 and name in _OF_CROWDS:
        # An organisation explains a value as far as a crowd was counted with it.
        most = math.log((others + _CROWD_HALF) / others) - math.log(_OVERLAP)
        both = zip(against, RIVALS, strict=True)
        against = tuple([min(nats, most) if rival.one_crowd else nats for nats, rival in both])
    return Line(name, group, comparison, weight, unshared, limits, against, rate, less)


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


def _shared(nats: tuple[float, ...], share: float) -> list[float]:
    """What lines of one group and one sign add: the best of them whole, the others a share."""
    adds = [each * share for each in nats]
    best = nats.index(max(nats, key=abs))
    adds[best] = nats[best]
    return adds


def _shown(
    lines: Sequence[Line], adding: Sequence[tuple[float, ...]], reasons: Sequence[InnocentReason]
) -> list[Evidence]:
    """The lines as evidence against a stranger; what a crowd takes away is a line of its own."""
    shown, covered = list[Evidence](), reasons[0].covers if reasons else ()
    named = {reason.name for reason in reasons}
    for line, (adds, *_) in zip(lines, adding, strict=True):
        comparison, weight = line.comparison, line.weight
        of_rivals = [rival.name for rival, nats in zip(RIVALS, line.against, strict=True) if nats < 0.0]
        if weight < 0.0 and adds == 0.0 and named.isdisjoint(of_rivals):
            continue  # it speaks for a rival that is no reason here
        alike = [other.weight for other in lines if other.signal in line.beyond]
        if line.beyond and adds <= 0.0 and line.unshared <= max([0.0, *alike]):
            continue  # another line says the same
        # What the crowd takes away is shared as the line itself is.
        whole = adds * (line.unshared / weight) if weight > 0.0 else adds + max(line.unshared - weight, 0.0)
        explained = weight > 0.0 and line.signal in covered
        because = comparison.because or SENTENCES[line.signal, comparison.level]
        shown.append(Evidence(line.signal, whole, comparison.level, because, explained))
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
        line.weight = line.unshared = 0.0
        line.against = (0.0,) * len(RIVALS)
    return [Evidence(FIRST_SHOWN.name, 0.0, said.level, said.because)]


def _of_unknown_order(doubtful: Sequence[Line]) -> list[Evidence]:
    """A line that names values of unknown order, if they say anything."""
    named = [line.signal for line in doubtful if line.weight >= SPEAKS_NATS]
    if not named:
        return []
    said = FIRST_SHOWN.unknown(named)
    return [Evidence(FIRST_SHOWN.name, 0.0, said.level, said.because)]
