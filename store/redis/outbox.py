"""The outbox: records owed to consumers, above all withdrawals, until the broker has confirmed them.

The script that ends an alert notes its withdrawal in the same step, on the banned account's shard. So
whatever process dies in between, the next one that asks publishes it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import cast

from schemas.alerts import WithdrawnReason
from store.base import ConfirmedEntry, Owed, SummaryCounts
from store.common.key_digests import DIGEST_BYTES, Digest
from store.limits import OPEN_ALERTS_A_BAN, OWED_AT_ONCE, RELAY_SECONDS, SUMMARY_SECONDS
from store.redis.alerts import packed_alert, read_published
from store.redis.client import together
from store.redis.shards import Shards

_HEAD = struct.Struct(f">Id{DIGEST_BYTES}s")


class Outbox:
    """The outbox over all shards."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def owed(self, holder: str) -> list[Owed]:
        """What is to be published now; each shard serves one holder at a time."""
        shards = self._shards
        answers = await together(
            [shards.script("owed", shard, holder, RELAY_SECONDS, OWED_AT_ONCE) for shard in shards.all]
        )
        return [_read(*answer[at : at + 4]) for answer in answers for at in range(0, len(answer), 4)]

    async def settle(self, published: Sequence[ConfirmedEntry]) -> list[ConfirmedEntry]:
        """Forgets what was published; returns what was owed under that very revision."""
        addresses = self._shards.addresses
        banned = [addresses.account(entry.banned) for entry in published]
        items = [
            (
                digest.raw,
                addresses.alert(entry.alert_id).raw,
                entry.revision,
                b"" if entry.known is None else packed_alert(entry.known),
            )
            for digest, entry in zip(banned, published, strict=True)
        ]
        answers = await self._shards.ask("settle", banned, (OPEN_ALERTS_A_BAN, SUMMARY_SECONDS), items)
        return [entry for entry, (settled,) in zip(published, answers, strict=True) if settled]


def owed_on(raw: bytes) -> Digest:
    """The digest of the banned account in a stored entry of the outbox."""
    return Digest(_HEAD.unpack_from(raw)[2])


def _read(raw: bytes, *counts: int) -> Owed:
    revision, at, _ = _HEAD.unpack_from(raw)
    reason, _, words = raw[_HEAD.size :].partition(b" ")
    if reason == b"open":
        return Owed(read_published(words, revision), revision, None, at, SummaryCounts(*counts))
    if reason == b"again":
        return Owed(read_published(words, revision), revision, None, at)
    if reason == b"forgotten":
        return Owed(read_published(words, revision), revision, None, at, forgotten=True)
    return Owed(read_published(words, revision), revision, cast(WithdrawnReason, reason.decode()), at)
