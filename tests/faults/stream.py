"""What happens on the platform in every run: bans, mirrors of each kind, a wave, and people like nobody else.

No outcome depends on which of two topics is read first, or the final records of two runs could not be held
against each other: each mirror resembles one ban alone, and what an account was before its change resembles
none. Everything else may come in any order, and does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from schemas.accounts import AccountBanned, AccountCreated, AccountUpdated
from tests.makers import a_ban, a_change, a_sign_up

FAMILIES = 60
STRANGERS = 150
CROWD = 10
"""A size at which a wave is published at once."""
_PITCH = "Lonely nurse, message me on t.me/nicole_private for free pictures and a good time"

_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Stream:
    """The records of each topic, in the order in which they are published."""

    banned: list[AccountBanned]
    created: list[AccountCreated]
    updated: list[AccountUpdated]
    pairs: set[tuple[str, str]]  # (new account, banned account), as they were planted
    crowd: set[str]  # who is one wave

    @property
    def events(self) -> int:
        """How many there are."""
        return len(self.banned) + len(self.created) + len(self.updated)


def the_stream(at: datetime, seed: int = 4) -> Stream:
    """Bans an hour before ``at``; mirrors from two hours before the ban until an hour after it."""
    rng = random.Random(seed)
    made = Stream([], [], [], set(), set())
    for number in range(FAMILIES):
        _family(made, number, _handle(rng), str(UUID(int=rng.getrandbits(128), version=4)), at)
    for number in range(STRANGERS):
        made.created.append(a_sign_up(f"stranger-{number}", handle=_handle(rng), at=at))
    for number in range(CROWD):
        ip = f"203.0.113.{number + 1}"
        made.created.append(a_sign_up(f"crowd-{number}", handle=_handle(rng), bio=_PITCH, ip=ip, at=at))
        made.crowd.add(made.created[-1].key)
    rng.shuffle(made.created)
    rng.shuffle(made.updated)
    return made


def _family(made: Stream, number: int, handle: str, device: str, at: datetime) -> None:
    """A ban, a mirror prepared before it, two that came after it, and an account that turned into one.

    Nobody says when the ban took effect: what a moment weighs hangs on which other bans were known by then,
    and runs that a fault held up could not be compared line by line.
    """
    ban_at = at - timedelta(hours=1)
    banned = a_ban(f"ban-{number}", handle=handle, device_id=device, at=ban_at, banned_at=None)
    mirrors = [f"{kind}-{number}" for kind in ("prepared", "first", "second", "turned")]
    moments = [ban_at - timedelta(hours=2), at - timedelta(minutes=30), at]
    made.banned.append(banned)
    for mirror, moment in zip(mirrors, moments, strict=False):
        made.created.append(a_sign_up(mirror, handle=f"{handle}_{mirror[0]}", device_id=device, at=moment))
    turned = mirrors[-1]
    made.created.append(a_sign_up(turned, handle=f"plain{number}{turned}", at=moments[0]))
    made.updated.append(a_change(turned, handle=f"{handle}_new", device_id=device, at=at))
    made.pairs.update((f"telegram:{mirror}", banned.key) for mirror in mirrors)


def _handle(rng: random.Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=5))
