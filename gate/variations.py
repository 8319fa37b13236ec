"""Who asks again and again with other values: somebody tries what gets through.

An evader who reaches the gate by way of a sign-up form would try values until nothing matches any more. Of
each account that was asked about lately the gate keeps which values it was asked with, as digests under a
secret of this process. Beyond a few, each further set is one variation, and a rule looks at their rate.

A thief of a key names another account each time. Such a one still matches the ban that it wants to get past
until nothing does: so the values that matched each ban are kept and counted in the same way.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import msgspec

from schemas.accounts import AccountCreated

ACCOUNTS_MAX: Final = 20_000
"""Accounts, and as many bans, that are kept, the one asked about last longest: minutes of a busy platform,
60 MB at most.
"""

USUAL: Final = 5
"""Sets of values with which a person who mistypes is asked about; what comes beyond is a variation."""

SETS_MAX: Final = 16
"""Sets kept of one account or ban: what comes beyond counts as new each time."""

FORGOTTEN_SECONDS: Final = 3_600.0


@dataclass(slots=True)
class _Asked:
    since: float
    digests: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Variations:
    """Counts since the start; ``total`` only rises."""

    total: int = 0
    accounts_max: int = ACCOUNTS_MAX
    _asked: OrderedDict[bytes, _Asked] = field(default_factory=OrderedDict)
    _matched: OrderedDict[bytes, _Asked] = field(default_factory=OrderedDict)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def note(self, event: AccountCreated, ticks: float) -> bool:
        """An account was asked about; whether that is one variation more. ``ticks`` in seconds."""
        return self._note(self._asked, event.key, event, ticks)

    def note_match(self, ban: str, event: AccountCreated, ticks: float) -> bool:
        """It matched a banned account, named by its key. Not for what `note` has counted already."""
        return self._note(self._matched, ban, event, ticks)

    def _note(self, kept: OrderedDict[bytes, _Asked], whom: str, event: AccountCreated, ticks: float) -> bool:
        name = self._digest(whom.encode("utf-8", "surrogatepass"))
        values = self._digest(msgspec.msgpack.encode(event.account))
        asked = kept.pop(name, None)
        if asked is None or ticks - asked.since > FORGOTTEN_SECONDS:
            asked = _Asked(ticks)
        kept[name] = asked
        more = False
        if values not in asked.digests:
            more = len(asked.digests) >= USUAL
            if len(asked.digests) < SETS_MAX:
                asked.digests.add(values)
            self.total += more
        while len(kept) > self.accounts_max:
            kept.popitem(last=False)
        return more

    def _digest(self, raw: bytes) -> bytes:
        return blake2b(raw, digest_size=12, key=self._secret).digest()
