"""Families: who descends from whom. A founder's name is in one place only, so that it can be forgotten."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from samehand.lineage import Descent, founder
from store.common.key_digests import DIGEST_BYTES, Digest
from store.redis.client import together
from store.redis.shards import Shards


class Families:
    """Descents noted by account, names of founders by their digest."""

    def __init__(self, shards: Shards) -> None:
        """Takes the shards."""
        self._shards = shards

    async def join(self, members: Sequence[tuple[str, Descent]], now: float) -> None:
        """Notes from whom accounts descend. One a moderator's decision, so there is no cap and no expiry."""
        await self.note_founders(members, now)
        digests = [self._shards.addresses.account(account) for account, _ in members]
        roots = [self._shards.addresses.account(descent.root_id).raw for _, descent in members]
        items = [
            (f"j:{digest.raw.hex()}", root + struct.pack(">I", descent.generation))
            for digest, root, (_, descent) in zip(digests, roots, members, strict=True)
        ]
        await self._shards.scatter("keep", digests, (), items)

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        """What was noted, where the founder's name is still kept."""
        digests = [self._shards.addresses.account(account) for account in accounts]
        noted = await self._get("j", digests)
        names = await self.founders([Digest(raw[:DIGEST_BYTES]) for raw in noted if raw])
        descents: list[Descent | None] = []
        for raw in noted:
            name = names.get(raw[:DIGEST_BYTES]) if raw else None
            known = raw is not None and name is not None
            descents.append(Descent(name, _generation(raw)) if known and raw and name else None)
        return descents

    async def note_founders(self, members: Sequence[tuple[str, Descent]], now: float) -> None:
        """Keeps the founders' names, but of those that were reinstated."""
        names = {one.root_id for account, one in members if one != founder(account)}
        digests = [self._shards.addresses.account(name) for name in names]
        items = [(digest.raw, name.encode("utf-8")) for digest, name in zip(digests, names, strict=True)]
        await self._shards.scatter("founder", digests, (repr(now), self._shards.layout.bans.maps), items)

    async def founders(self, roots: Sequence[Digest]) -> dict[bytes, str]:
        """The names that are kept of founders, by digest."""
        distinct = list(dict.fromkeys(roots))
        names = await self._get("k", distinct)
        return {root.raw: name.decode("utf-8") for root, name in zip(distinct, names, strict=True) if name}

    async def _get(self, kind: str, digests: Sequence[Digest]) -> list[bytes | None]:
        found: list[bytes | None] = [None] * len(digests)
        by_shard: dict[int, list[int]] = {}
        for at, digest in enumerate(digests):
            by_shard.setdefault(self._shards.of(digest), []).append(at)
        answers = await together(
            [
                self._shards.link.command("MGET", *(self._key(kind, digests[at]) for at in places))
                for places in by_shard.values()
            ]
        )
        for places, values in zip(by_shard.values(), answers, strict=True):
            for at, value in zip(places, values, strict=True):
                found[at] = value
        return found

    def _key(self, kind: str, digest: Digest) -> str:
        return f"{self._shards.root(self._shards.of(digest))}{kind}:{digest.raw.hex()}"


def _generation(raw: bytes) -> int:
    generation: int = struct.unpack_from(">I", raw, DIGEST_BYTES)[0]
    return generation
