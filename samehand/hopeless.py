"""Which pairs cannot alert whatever a full comparison says: told in a few microseconds, before one is made.

Most candidates share a key of their names and nothing else, and :func:`samehand.score.score` holds a pair
of names alone below `possible` where both sides show something else that differs. So it is enough to see
that nothing but the names *can* agree. What a signal here calls apart, its own comparison must call different
(`tests/samehand/test_hopeless.py` holds every pair set aside to its full score).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import eq
from typing import Any, Final

from samehand.fingerprint import Fingerprint, Opened
from samehand.score import IDENTIFYING
from samehand.signals import POSITION, SIGNALS
from samehand.signals.avatar import ALIKE_BITS, AvatarTrait, distance
from samehand.signals.bio import BioTrait
from samehand.signals.contact import ContactTrait
from samehand.signals.email import EmailTrait
from samehand.signals.mention import MentionTrait
from samehand.signals.phone import PhoneTrait
from samehand.signals.reach import names_an_address
from samehand.weights import Weights

_BIO_BYTES_ALIKE: Final = 16  # of 64: fewer cannot reach its lowest level, 30 % of the text beyond chance


def _email(ours: EmailTrait, theirs: EmailTrait) -> bool:
    return (
        ours.local == theirs.local
        or ours.mailbox == theirs.mailbox
        or (ours.disposable and theirs.disposable)
    )


def _phone(ours: PhoneTrait, theirs: PhoneTrait) -> bool:
    return ours.block == theirs.block or ours.number == theirs.number


def _avatar(ours: AvatarTrait, theirs: AvatarTrait) -> bool:
    if ours.variants or theirs.variants:
        return True  # not cheap any more: let the signal say
    return int(distance(ours.pdq, theirs.pdq)) <= ALIKE_BITS


def _bio(ours: BioTrait, theirs: BioTrait) -> bool:
    agreeing: int = sum(map(eq, ours.signature, theirs.signature))
    return agreeing >= _BIO_BYTES_ALIKE


def _contact(ours: ContactTrait, theirs: ContactTrait) -> bool:
    if not ours.points and not theirs.points:
        return False
    there = {digest for digest, _ in theirs.points}
    here = [digest for digest, _ in ours.points]
    return not (there.isdisjoint(here) and there.isdisjoint(ours.own) and set(theirs.own).isdisjoint(here))


def _mention(ours: MentionTrait, theirs: MentionTrait) -> bool:
    return ours.listed or theirs.listed


# Whether two traits may agree. A signal that is not here may, as soon as both sides show it.
_MAY_AGREE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "email": _email,
    "phone": _phone,
    "device": eq,
    "payment": eq,
    "avatar": _avatar,
    "bio": _bio,
    "contact": _contact,
    "mention": _mention,
}
_NAMES: Final = frozenset(("handle", "name"))
_CONTACT: Final = POSITION["contact"]


class Sieve:
    """Sets hopeless pairs aside, for one table of weights; made once, asked for every candidate."""

    def __init__(self, weights: Weights) -> None:
        """Reads from the table which signals may alert: those not never alone, beside the names."""
        able = [
            one for one in SIGNALS if one.name not in _NAMES and not weights.signals[one.name].never_alone
        ]
        checks = [
            (POSITION[one.name], one.name in IDENTIFYING, _MAY_AGREE.get(one.name, _always)) for one in able
        ]
        # Those that are told apart fastest and differ most often first.
        self._checks = tuple(sorted(checks, key=lambda check: not check[1]))
        self._sound = all(
            _speaks_against(weights, name, level)
            for name, level in (*((one.name, "different") for one in able), ("platform", "another"))
        )

    def hopeless(self, ours: Fingerprint, theirs: Fingerprint | Opened) -> bool:
        """Whether a full score must stay below `possible`. Never true of a pair that would have alerted.

        The same whichever of the two is the banned one.
        """
        if not self._sound:
            return False
        differs = False
        here, there = ours.traits, theirs.traits
        for place, identifying, may_agree in self._checks:
            mine, other = here[place], there[place]
            if mine is None or other is None:
                continue
            if may_agree(mine, other):
                return False
            differs = differs or identifying
        return differs and not (names_an_address(here[_CONTACT]) or names_an_address(there[_CONTACT]))


def _always(_ours: object, _theirs: object) -> bool:
    return True


def _speaks_against(weights: Weights, signal: str, level: str) -> bool:
    """Whether a difference cannot, in a table of somebody's own, speak for a pair."""
    row = weights.signals[signal].levels.get(level)
    return row is None or row.m <= row.u
