"""The score of a pair, and its evidence: lines of reason, each with its share of the score."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand import signals
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import Band
from samehand.signals.comparison import Comparison

SHARED: Final = "shared-by-many"
"""The level of a line that holds what a crowd takes away from another line of its signal."""
RIVALS_LINE: Final = "rivals"
"""The signal of lines with what innocent reasons take away; a level names the reason."""
OTHERS: Final = (RIVALS_LINE, "other-explanations")
"""Signal and level of the line for all innocent reasons that no agreeing value supports."""
CEILING: Final = "ceiling"
"""The signal of the line that takes away what lies above a ceiling (:mod:`samehand.scoring.ceilings`)."""
SENTENCES: Final = {
    **signals.SENTENCES,
    (CEILING, "circumstances"): "Only circumstances agree, which strangers share: they alone raise no alert.",
    (CEILING, "public"): "No rare mailbox, number, device or card agrees: a mirror is possible at most.",
    (CEILING, "rush"): "More accounts than usual sign up in this hour, so more are alike by chance.",
    (CEILING, "household"): "A household shares all that agrees, and the ban was days ago: possible at most.",
    (CEILING, "moved"): signals.SENTENCES["runs", "moved"],
    OTHERS: "Other innocent explanations are left as well.",
    **{(RIVALS_LINE, rival.name): rival.sentence for rival in RIVALS},
}
"""The English sentence on each level of each signal, by both; the desk's catalogues translate by it."""
CROWD: Final = "This is shared: about %(n)s accounts were counted with it."
"""The sentence on the level `SHARED`, whatever its signal."""


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One line of reason; ``weight`` is in nats, against a stranger.

    The prior and the weights of all lines add up to the log-odds. ``explained``: the values agree, and the
    strongest innocent reason covers it.
    """

    signal: str
    weight: float
    level: str
    because: str
    explained: bool = False


class InnocentReason(msgspec.Struct, frozen=True, gc=False):
    """What else could make a pair alike: what that takes away (nats), and the signals that it covers."""

    name: str
    takes: float
    covers: tuple[str, ...]
    sentence: str


class Score(msgspec.Struct, frozen=True, gc=False):
    """The result of comparing two accounts.

    ``prior`` is how much rarer (nats) mirrors of the ban are than sign-ups, at no particular moment.
    ``log_odds`` is in nats, ``probability`` is calibrated; ``band`` follows from it by the policy's
    thresholds. ``rivals`` are the innocent reasons that an agreeing value supports, the strongest first.
    """

    prior: float
    lines: tuple[Evidence, ...]
    log_odds: float
    probability: float
    band: Band
    rivals: tuple[InnocentReason, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The lines that speak for the pair or would if no rival explained them, strongest first."""
        return tuple(sorted((x for x in self.lines if x.weight > 0 or x.explained), key=lambda x: -x.weight))

    @property
    def counter_evidence(self) -> tuple[Evidence, ...]:
        """The lines that speak against the pair or are worth nothing, strongest first."""
        rest = (x for x in self.lines if x.weight <= 0 and not x.explained)
        return tuple(sorted(rest, key=lambda x: x.weight))


class Line(msgspec.Struct, gc=False):
    """A comparison, weighed (nats) before dependent lines share what they say.

    ``weight``: against a stranger; ``unshared``: the same if nobody else had been counted with the value;
    ``limits``: the most against each rival; ``against``: what it weighs against each; ``less``: how much less
    where the value is commoner among a rival's people, if it is among any. ``rate``: the share of strangers
    that shows the level. ``beyond`` names signals that say
    the same: this line counts only for what exceeds the best of them.
    """

    signal: str
    group: str | None
    comparison: Comparison
    weight: float
    unshared: float
    limits: tuple[float, ...]
    against: tuple[float, ...]
    rate: float
    less: tuple[float, ...] = ()
    beyond: frozenset[str] = frozenset()
