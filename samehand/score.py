"""From two fingerprints to log-odds, with the reasons.

The plan:

1. Each signal compares its two traits and finds a level, or nothing.
2. The level's row gives a match weight, ``ln(m / u)``, bounded.
3. Where a crowd shares the value, what it takes away is shown as a line of its own.
4. Within a dependent group the best line counts whole, the others for a share of theirs.
5. What was taken over from the new account by the banned one is taken back.
6. If only signals that may never alert alone speak for the pair, a last line holds it below alerting.

The prior and all lines sum to the log-odds exactly: nothing is added that is not shown.
"""

from __future__ import annotations

import math
from typing import Final

from samehand.evidence import Evidence, Line, Score
from samehand.fingerprint import Fingerprint
from samehand.frequency import Frequencies
from samehand.showings import Showings
from samehand.signals import CIRCUMSTANCES, POSITION, SIGNALS
from samehand.signals.admirer import ADMIRER
from samehand.signals.crossing import CROSSING, Names, names_of
from samehand.signals.finding import Finding
from samehand.signals.first_shown import FIRST_SHOWN, Order
from samehand.signals.reach import REACH
from samehand.signals.sight import Sight
from samehand.watchlist.platforms import is_list
from samehand.weights import SignalWeights, Weights

# Below the threshold of `possible` by so much (in nats after calibration) a pair is held that may not alert
# alone: visibly below, still ranked by its evidence among its kind, and of the probability that was seen of
# them (docs/quality.md: 1 of 139 was a mirror, e^-4 is 1 in 55).
_HOLD_MARGIN: Final = 4.0
# The same where names speak and there was nothing else to compare: then silence elsewhere is no disagreement.
_NOTHING_ELSE_MARGIN: Final = 1.0
# And of one household's device and line where no name agrees whole (a family shares a surname): one of 14 was
# a mirror on tuning seeds 211 and 212, four of 14 on the held-out ones before; e^-1.5 is 1 in 5.5.
_HOUSEHOLD_MARGIN: Final = 1.5

# Where one household or one name is all that speaks, a pair is looked at and not believed: a family's tablet
# comes with its address and browser, and namesakes and admirers share names. With each group stands what
# another ground must weigh (nats) to count as one: beside a household more than a shared family name does.
_GROUNDS: Final = {
    "name": (4.0, "the names, which namesakes and admirers share too,"),
    "device": (5.0, "one household's device and line"),
}
# A handle that agrees whole, or a whole display name of many bits (a common one is never alone), may reach
# `possible` by itself, and so may a household's device with it; what is less than that may not.
_WHOLE: Final = frozenset(("same-handle", "same", "same-name", "spells-it"))

# Who is back within the hour under both names is for a person to look at, whatever else was changed: the
# moment and two names are three things that a namesake would have to share by chance.
_BACK_AT_ONCE: Final = frozenset(
    (
        ("timing", "within-an-hour"),
        ("name", "same-name"),
        ("handle", "same-handle"),
        ("handle", "same"),
        ("handle", "decorated"),
    )
)

# Levels that say no more than that two values differ. Who changes one thing to come back changes others as
# well, so these depend on each other: the strongest counts whole, the others for a share. But who keeps the
# name hides nothing: there each difference counts whole.
APART: Final = frozenset(("different", "other-language", "another"))

# What a mirror that keeps its name openly nearly always keeps one of as well; where all of those that both
# show differ, it is a namesake.
IDENTIFYING: Final = frozenset(("email", "phone", "device", "payment", "avatar", "bio"))

# Signals that speak of an address itself.
_ADDRESSES: Final = frozenset(("email", "phone", "contact"))

# Signals whose agreement an admirer brings about, too.
_SHOWN_BY_ADMIRERS: Final = frozenset(("avatar", "mention"))

# What is held keeps its order: of its excess (nats) so much is left (after calibration, so that no slope
# lifts it over the threshold again), half of it at five nats.
_HOLD_ROOM: Final = 0.5
_HOLD_HALF: Final = 5.0

# Weight (in nats) from which a signal counts as speaking for the pair at all when asking whether others
# stand alone: less than a factor of two is not a second reason.
_SPEAKS: Final = 0.7


# What is asked of each signal, read once: every pair goes through all of them.
_COMPARED: Final = tuple((signal.name, signal.group, signal.compare) for signal in SIGNALS)
_CONSIDERED: Final = tuple((circumstance.name, circumstance.consider) for circumstance in CIRCUMSTANCES)
_HANDLE: Final = POSITION["handle"]
_NAME: Final = POSITION["name"]


def score(
    ours: Fingerprint,
    theirs: Fingerprint,
    weights: Weights,
    frequencies: Frequencies,
    *,
    policy: str | None = None,
    showings: tuple[Showings, Showings] | None = None,
) -> Score:
    """Scores a new account (``ours``) against a banned one (``theirs``), both of one pepper.

    ``theirs.at`` is the moment of the ban; where either moment is missing, timing says nothing.
    ``showings`` are ours and theirs, where it is known when the two showed what they show.
    """
    since = None if ours.at is None or theirs.at is None else ours.at - theirs.at
    sight = Sight(frequencies, (ours.stratum, theirs.stratum), (ours.platform, theirs.platform), since)
    tables = weights.signals
    lines = [
        _weighed(name, group, finding, tables[name])
        for (name, group, compare), mine, other in zip(_COMPARED, ours.traits, theirs.traits, strict=True)
        if mine is not None and other is not None and (finding := compare(mine, other, sight)) is not None
    ]
    for name, consider in _CONSIDERED:
        if (finding := consider(sight)) is not None:
            lines.append(_weighed(name, None, finding, tables[name]))
    mine, other = _names(ours), _names(theirs)
    lines += _crossing(mine, other, sight, lines, weights)
    lines += _reached(ours, theirs, sight, lines, weights)
    listed = is_list(theirs.platform)
    if listed:
        _only_with_others(lines)
    _admired(lines, mine, other, weights)
    _share_within_groups(lines, weights)
    prior = weights.prior(frequencies.bans)
    shown = _shown(lines)
    if showings is not None:
        lines = _taken_back(lines, showings, shown, weights)
    log_odds = _sum(prior, shown)
    limit = weights.alerts_from(policy)
    # Most pairs lie so low that no rule has anything to hold back.
    if log_odds > limit - _HOLD_MARGIN / weights.slope:
        at_once = not listed and _back_at_once(lines)
        for rule in (_held, _one_ground):
            held = rule(log_odds, lines, limit, weights, at_once=at_once)
            if held is not None:
                shown.append(held)
                log_odds = _sum(prior, shown)
    probability = weights.probability(log_odds)
    return Score(prior, tuple(shown), log_odds, probability, weights.band(probability, policy))


def _sum(prior: float, shown: list[Evidence]) -> float:
    return math.fsum([prior, *[line.weight for line in shown]])


def _crossing(ours: Names, theirs: Names, sight: Sight, lines: list[Line], weights: Weights) -> list[Line]:
    """What handle and display name say across: nothing new where one field alone says as much."""
    finding = CROSSING.compare(ours, theirs, sight)
    if finding is None:
        return []
    line = _weighed(CROSSING.name, CROSSING.group, finding, weights.signals[CROSSING.name])
    said = max((one.weight for one in lines if one.group == CROSSING.group), default=0.0)
    return [line] if line.weight > max(said, 0.0) else []


def _reached(
    ours: Fingerprint, theirs: Fingerprint, sight: Sight, lines: list[Line], weights: Weights
) -> list[Line]:
    """What an address in one profile says that is the other account's own: nothing new where both gave it."""
    mine, other = REACH.of(ours.trait), REACH.of(theirs.trait)
    finding = REACH.compare(mine, other, sight) if mine is not None and other is not None else None
    if finding is None:
        return []
    line = _weighed(REACH.name, None, finding, weights.signals[REACH.name])
    said = max((one.weight for one in lines if one.signal in _ADDRESSES), default=0.0)
    return [line] if line.weight > said else []


def _admired(lines: list[Line], ours: Names, theirs: Names, weights: Weights) -> None:
    """Who calls itself an admirer shows the admired one's name and picture: together they are one ground."""
    finding = ADMIRER.compare(ours, theirs)
    if finding is None or not any(line.group == "name" and line.weight > 0 for line in lines):
        return
    lines.append(_weighed(ADMIRER.name, None, finding, weights.signals[ADMIRER.name]))
    for line in lines:
        if line.signal in _SHOWN_BY_ADMIRERS and line.weight > 0:
            line.group = "name"


def _names(fingerprint: Fingerprint) -> Names:
    return names_of(fingerprint.traits[_HANDLE], fingerprint.traits[_NAME])


def _weighed(name: str, group: str | None, finding: Finding, table: SignalWeights) -> Line:
    never_alone = table.never_alone or finding.never_alone
    if finding.rate is None and finding.rate_unshared is None:
        weight = table.as_shipped[finding.level]
        return Line(name, group, finding, weight, weight, never_alone)
    row = table.levels[finding.level]
    weight = row.match_weight(finding.rate) * table.multiplier
    unshared = weight
    if finding.crowd and finding.rate_unshared is not None:
        unshared = max(weight, row.match_weight(finding.rate_unshared) * table.multiplier)
    return Line(name, group, finding, weight, unshared, never_alone)


def _share_within_groups(lines: list[Line], weights: Weights) -> None:
    """Halves (or so) the lesser agreements of a group, since they are partly the same fact twice."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line.group is not None and line.weight > 0:
            groups.setdefault(line.group, []).append(line)
    for group, members in groups.items():
        _share(members, weights.group_shares.get(group, 1.0))
    if _hides(lines):
        _share_differences(lines, weights)


def _hides(lines: list[Line]) -> bool:
    """Whether something other than the names is the strongest to speak: names kept openly hide nothing."""
    if not lines:
        return False
    strongest = lines[0]
    for line in lines:
        if line.weight > strongest.weight:
            strongest = line
    return strongest.group != "name"


def _share_differences(lines: list[Line], weights: Weights) -> None:
    apart = [line for line in lines if line.weight < 0 and line.finding.level in APART]
    _share(apart, weights.group_shares.get("apart", 1.0))


def _share(lines: list[Line], share: float) -> None:
    """Leaves the strongest whole and a share of each other."""
    if len(lines) < 2:
        return
    strongest = lines[0]
    for line in lines:
        if abs(line.weight) > abs(strongest.weight):
            strongest = line
    for line in lines:
        if line is not strongest:
            line.weight *= share
            line.unshared *= share


def _only_with_others(lines: list[Line]) -> None:
    """Lets no name alert against an official list: it may be the person's own, and was never banned."""
    for line in lines:
        line.never_alone = line.never_alone or line.group == "name"


def _shown(lines: list[Line]) -> list[Evidence]:
    shown = []
    for line in lines:
        finding = line.finding
        shown.append(Evidence(line.signal, line.unshared, finding.level, finding.because))
        if line.weight < line.unshared:
            taken = line.weight - line.unshared
            crowd = f"This is shared: about {finding.crowd:,} accounts were counted with it."
            shown.append(Evidence(line.signal, taken, "shared-by-many", crowd))
    return shown


def _taken_back(
    lines: list[Line], showings: tuple[Showings, Showings], shown: list[Evidence], weights: Weights
) -> list[Line]:
    """Adds to ``shown`` what of the copied values ours showed first, or of which nobody knows who did.

    Answers the lines that still speak: whether others stand alone is asked of them.
    """
    table = weights.signals[FIRST_SHOWN.name]
    copied = [
        (line, FIRST_SHOWN.order(line.signal, *showings))
        for line in lines
        if line.weight > 0 and FIRST_SHOWN.copied(line.signal, line.finding.level)
    ]
    first = [line for line, order in copied if order is Order.FOUND]
    if first:
        finding = FIRST_SHOWN.found_first([line.signal for line in first], showings[0])
        bound = max(-table.as_shipped[finding.level], 0.0)
        taken = -min(math.fsum([line.weight for line in first]), bound)
        shown.append(Evidence(FIRST_SHOWN.name, taken, finding.level, finding.because))
    doubtful = [line.signal for line, order in copied if order is Order.UNKNOWN and line.weight >= _SPEAKS]
    if doubtful:
        finding = FIRST_SHOWN.unknown(doubtful)
        shown.append(Evidence(FIRST_SHOWN.name, 0.0, finding.level, finding.because))
    return [line for line in lines if line not in first]


def _held(
    log_odds: float, lines: list[Line], limit: float, weights: Weights, *, at_once: bool
) -> Evidence | None:
    """The line that holds back a pair for which only signals speak that may never alert alone."""
    if at_once or any(line.weight >= _SPEAKS and not line.never_alone for line in lines):
        return None
    speaking = sorted({line.signal for line in lines if line.weight > 0})
    because = f"Nothing but {' and '.join(speaking)} speaks for this pair."
    return _down_to(limit - _HOLD_MARGIN / weights.slope, "never-alone", because, log_odds, weights.slope)


def _one_ground(
    log_odds: float, lines: list[Line], limit: float, weights: Weights, *, at_once: bool
) -> Evidence | None:
    """The line that holds a pair back where all that speaks clearly is of one group."""
    able = [line for line in lines if not weights.signals[line.signal].never_alone]
    group = max(able, key=lambda line: line.weight).group if able else None
    if group not in _GROUNDS:
        return None
    other_min, ground = _GROUNDS[group]
    if any(line.group != group and line.weight >= other_min for line in able):
        return None
    because = f"Nothing but {ground} speaks for this pair."
    held_at = limit if at_once else limit - _margin(group, lines) / weights.slope
    return _down_to(held_at, "one-ground", because, log_odds, weights.slope)


def _margin(group: str | None, lines: list[Line]) -> float:
    """How far below `possible` a pair of one ground is held; 0 where a person should look at it."""
    whole = any(line.group == "name" and line.finding.level in _WHOLE for line in lines)
    if group != "name":
        return 0.0 if whole else _HOUSEHOLD_MARGIN
    if any(line.finding.level in APART and line.signal in IDENTIFYING for line in lines):
        return _HOLD_MARGIN
    return 0.0 if whole else _NOTHING_ELSE_MARGIN


def _back_at_once(lines: list[Line]) -> bool:
    """Whether handle, name and moment all say so."""
    said = {line.signal for line in lines if (line.signal, line.finding.level) in _BACK_AT_ONCE}
    return said == {"timing", "handle", "name"}


def _down_to(limit: float, level: str, because: str, log_odds: float, slope: float) -> Evidence | None:
    excess = log_odds - limit
    if excess <= 0:
        return None
    kept = _HOLD_ROOM / slope * excess / (excess + _HOLD_HALF)
    return Evidence("rule", kept - excess, level, because)
