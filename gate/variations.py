"""Who asks again and again about one account with other values: somebody tries what gets through.

An evader who reaches the gate by way of a sign-up form would try values until nothing matches any more. Of
each account that was asked about lately the gate keeps which values it was asked with, as digests under a
secret of this process. Beyond a few, each further set is one variation, and a rule looks at their rate.
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
"""Accounts that are kept, the one asked about last longest: minutes of a busy platform, 30 MB at most."""

USUAL: Final = 5
"""Sets of values with which a person who mistypes is asked about; what comes beyond is a variation."""

SETS_MAX: Final = 16
"""Sets kept of one account: what comes beyond counts as new each time."""

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
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def note(self, event: AccountCreated, ticks: float) -> None:
        """An account was asked about; ``ticks`` in seconds."""
        account = self._digest(event.key.encode("utf-8", "surrogatepass"))
        values = self._digest(msgspec.msgpack.encode(event.account))
        asked = self._asked.pop(account, None)
        if asked is None or ticks - asked.since > FORGOTTEN_SECONDS:
            asked = _Asked(ticks)
        self._asked[account] = asked
        if values not in asked.digests:
            if len(asked.digests) < SETS_MAX:
                asked.digests.add(values)
                self.total += len(asked.digests) > USUAL
            else:
                self.total += 1
        while len(self._asked) > self.accounts_max:
            self._asked.popitem(last=False)

    def _digest(self, raw: bytes) -> bytes:
        return blake2b(raw, digest_size=12, key=self._secret).digest()
