"""The values that new accounts note under the first tag, so that those who came together find each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from samehand.elapsed import MINUTE_SECONDS
from samehand.keys import Key
from samehand.waves.keys import OTHERS_MIN, WINDOW_SECONDS, noted_keys
from samehand.waves.membership import COMPARED_MAX
from schemas.revisions import COUNTED_FROM
from store.base import Remembered
from store.common.key_digests import DIGEST_BYTES
from store.common.records import is_new, noting_keys
from store.limits import REMEMBERED_AT_ONCE, WAVE_ACCOUNTS_A_BUCKET, WAVE_BUCKET_ENTRIES, WAVE_NOTED
from store.redis.layout import Spread, places
from store.redis.shards import Shards
from store.rules.waves import HOME

_MINUTES_MAX: Final = (1 << 24) - 1  # in the year 2051
_PRINT_BYTES: Final = 3
_WINDOW_MINUTES: Final = int(WINDOW_SECONDS // MINUTE_SECONDS)
# An entry counts for the window from its own minute on, and a bucket was kept from its first entry on.
_BUCKET_SECONDS: Final = int(2 * WINDOW_SECONDS)


class NotedValues:
    """Which new accounts showed a value lately, for waves."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        buckets = max(1, shards.layout.sizes.remembered // WAVE_ACCOUNTS_A_BUCKET)
        self._spread = Spread(buckets, _PRINT_BYTES, 0)

    async def note(self, accounts: Sequence[Remembered], *, writes: bool = True) -> list[list[bytes]]:
        """Notes the values of new accounts, if it is to write; returns who came with each, by digests."""
        company: list[list[bytes]] = []
        how = "writes" if writes else "reads"
        bounds = (_WINDOW_MINUTES, _BUCKET_SECONDS, WAVE_NOTED, WAVE_BUCKET_ENTRIES, OTHERS_MIN, COMPARED_MAX)
        for first in range(0, len(accounts), REMEMBERED_AT_ONCE):
            some = accounts[first : first + REMEMBERED_AT_ONCE]
            noted = [noted_keys(noting_keys(arrival)) if is_new(arrival) else [] for arrival in some]
            rows = self._rows([value.key for several in noted for value in several])
            groups = iter([bytes((value.group,)) for several in noted for value in several])
            parts: list[bytes | int] = []
            for account, several in zip(some, noted, strict=True):
                minute = min(max(0, int((account.seen_at - COUNTED_FROM) // MINUTE_SECONDS)), _MINUTES_MAX)
                own = b"".join(next(groups) + next(rows) for _ in several)
                parts += (self._shards.addresses.account(account.account).raw, minute, own)
            answer = await self._shards.script("noting", HOME, how, *bounds, *parts)
            company += [
                [others[at : at + DIGEST_BYTES] for at in range(0, len(others), DIGEST_BYTES)]
                for others in answer
            ]
        return company

    def _rows(self, keys: Sequence[Key]) -> Iterator[bytes]:
        """Bucket and print of each key, packed."""
        if not keys:
            return iter(())
        buckets, prints = places(self._shards.addresses.keys(keys), self._spread)
        table = np.empty((len(keys), 7), np.uint8)
        table[:, :4] = buckets.astype(">u4").view(np.uint8).reshape(-1, 4)
        table[:, 4:] = prints.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
        packed = table.tobytes()
        return (packed[at : at + 7] for at in range(0, len(packed), 7))
