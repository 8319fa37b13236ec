"""A process of its own adds a signal and finds a mirror by it: nothing is changed but what is named here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from samehand import signals
from samehand.account import Account
from samehand.keys import KeyKind
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal


class BadgeSignal(DigestSignal):
    """Both accounts link to the same page of a charity, and nobody else does."""

    name = "badge"
    code = 99
    kind = KeyKind.REFERRER  # a kind that lists nobody else
    owned = True
    sentences: Mapping[str, str] = {"same": "Both accounts wear the same badge."}

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The first link."""
        return keyer("badge", account.links[0].encode()) if account.links else None

    @property
    def examples(self) -> tuple[Example, ...]:
        """None: it stands in no table that ships."""
        return ()


BADGE: Final = BadgeSignal()
signals.SIGNALS += (BADGE,)
signals.BY_CODE[BADGE.code] = BADGE
signals.SENTENCES |= {(BADGE.name, level): sentence for level, sentence in BADGE.sentences.items()}
signals.POSITION[BADGE.name] = len(signals.SIGNALS) - 1


async def main() -> None:
    """Enrols a ban that shares the badge alone, and looks a sign-up up as a worker does."""
    from samehand.scoring.score import score
    from samehand.scoring.upper_bound import UpperBound
    from samehand.scoring.weights import Row, SignalWeights, default_weights
    from store.base import Query
    from store.memory.store import MemoryStore
    from tests.store.makers import NOW, a_ban, an_account, fingerprints

    shipped = default_weights()
    badge = SignalWeights(levels={"same": Row(m=0.5, a_ban=1.0)})
    weights = msgspec.structs.replace(shipped, signals={**shipped.signals, "badge": badge})
    store = MemoryStore()
    worn = ("https://charity.example/7",)
    wearing = fingerprints(replace(an_account("1", handle=None), links=worn))
    banned = replace(a_ban("1", handle=None), fingerprints=wearing)
    await store.enrol([banned, *(a_ban(str(n), handle=None) for n in range(2, 9))], now=NOW)
    ours = fingerprints(replace(an_account("9", handle=None), links=worn))
    table = UpperBound(weights).table(ours, await store.frequencies(at=0.0, now=0.0))
    ((found,),) = await store.bans_like([Query.by("x:9", table)], now=NOW)
    told = score(ours[0], found.fingerprint, weights, await store.frequencies(at=0.0, now=0.0))
    sys.stdout.write(f"{found.ref} {told.band}\n")


if __name__ == "__main__":
    asyncio.run(main())
