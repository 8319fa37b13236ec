"""The most that a pair may reach where no name speaks for it: what else may agree, each at its best.

Most pairs that share a default picture or a cliché share nothing else, and what thousands show weighs too
little. Nothing is compared here: of a stored record digests are looked for, and whoever asks says whether
pictures and texts are alike.
"""

from __future__ import annotations

import math
from typing import Final

from samehand.fingerprint import Fingerprint
from samehand.frequency import Frequencies
from samehand.score import APART
from samehand.signals.avatar import AVATAR, AvatarTrait
from samehand.signals.bio import BIO, BioTrait
from samehand.signals.network import NetworkTrait
from samehand.signals.sight import Sight
from samehand.weights import Row, SignalWeights, Weights

# Signals of which no comparison knows a better rate than the table's.
_UNCOUNTED: Final = frozenset(("locale", "disguise", "timing"))
# Those that may never alert alone, as far as their values are digests.
_DIGESTS: Final = ("network", "agent", "referrer")
_PRICED: Final = frozenset((*_UNCOUNTED, *_DIGESTS, "admirer"))


class Tops:
    """The most that each signal may weigh, of one table; made once."""

    def __init__(self, weights: Weights) -> None:
        """``sound`` is whether a pair's most can be told: nothing that is not known here adds to the rest."""
        self.weights = weights
        self.sound = all(
            name in _PRICED or not table.never_alone for name, table in weights.signals.items()
        ) and all(weights.signals[name].as_shipped["different"] <= 0 for name in ("handle", "name"))
        self._of = {name: _top(name, table) for name, table in weights.signals.items()}
        self._agreeing = {
            name: [(math.log(row.m), row.floor, row.ceiling, table.multiplier) for row in _agreeing(table)]
            for name, table in weights.signals.items()
        }

    def __getitem__(self, signal: str) -> float:
        """Nats, at least 0."""
        return self._of[signal]

    def at(self, signal: str, rate: float) -> float:
        """The same where no more telling rate than this is found."""
        most, rarity = 0.0, math.log(rate)
        for seen, floor, ceiling, multiplier in self._agreeing[signal]:
            weight = min(max(seen - rarity, floor), ceiling) * multiplier
            if weight > most:
                most = weight
        return most


class Most:
    """Log-odds that the pairs of one account stay below; made once an event, asked for some of its pairs."""

    def __init__(self, tops: Tops, ours: Fingerprint, frequencies: Frequencies) -> None:
        """Which of the two is the banned one does not matter."""
        self._tops = tops
        self._ours = ours
        self._sight = Sight(frequencies, (ours.stratum,) * 2, (ours.platform,) * 2)
        uncounted = sum((tops[signal] for signal in _UNCOUNTED), 0.0)
        self._whatever = tops.weights.prior(frequencies.bans) + uncounted
        self._digests = [(tops[signal], _digests(ours.trait(signal))) for signal in _DIGESTS]
        self._picture: float | None = None  # told when a pair first asks: most never do

    def beside_names(self, record: bytes, *, picture: bool, text: BioTrait | None) -> float:
        """What a pair may reach of which ``picture`` and ``text`` alone, where given, are alike."""
        most = self._whatever
        for top, digests in self._digests:
            for digest in digests:
                if digest in record:
                    most += top
                    break
        if picture:
            most += self._of_the_picture()
        if text is not None:
            ours = self._ours.trait("bio")
            assert isinstance(ours, BioTrait)
            most += self._tops.at("bio", BIO.rate_min(ours, text, self._sight))
        return most

    def _of_the_picture(self) -> float:
        if self._picture is None:
            ours = self._ours.trait("avatar")
            assert isinstance(ours, AvatarTrait)
            self._picture = self._tops.at("avatar", AVATAR.rate_min(ours, self._sight))
        return self._picture


def _top(name: str, table: SignalWeights) -> float:
    shipped = table.as_shipped
    return max(
        0.0,
        *(
            shipped[level] if level in APART or name in _UNCOUNTED else row.ceiling * table.multiplier
            for level, row in table.levels.items()
        ),
    )


def _agreeing(table: SignalWeights) -> list[Row]:
    return [row for level, row in table.levels.items() if level not in APART]


def _digests(trait: object) -> tuple[bytes, ...]:
    if isinstance(trait, NetworkTrait):
        return tuple(filter(None, (trait.address, trait.prefix, trait.site)))
    return (trait,) if isinstance(trait, bytes) else ()
