"""Ban families in Redis. A founder's account key is kept in one place only, so that it can be forgotten."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from samehand.lineage import Descent, founder
from store.base import Member
from store.common.key_digests import DIGEST_BYTES, Digest
from store.redis.client import together
from store.redis.shards import Shards

_JOINED_AT = 17  # where in a stored decision the digest of the account begins that joined by it (decide.lua)


class Families:
    """Descents by account, and account keys of founders by their digests."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def join(self, members: Sequence[Member], now: float) -> None:
        """Notes from which bans accounts descend. No cap and no expiry: each takes a moderator's decision.

        First notes with the alert which account joined, so that :meth:`leave` finds it by the alert.
        """
        await self.note_founders([(member.account, member.descent) for member in members], now)
        addresses = self._shards.addresses
        alerts = [addresses.alert(member.alert_id) for member in members]
        accounts = [addresses.account(member.account) for member in members]
        pairs = [(alert.raw, account.raw) for alert, account in zip(alerts, accounts, strict=True)]
        await self._shards.scatter("joined", alerts, (), pairs)
        items = [
            (
                account.raw,
                alert.raw,
                struct.pack(">d", max(0.0, member.decided_at))
                + addresses.account(member.descent.root_id).raw
                + struct.pack(">I", member.descent.generation),
            )
            for account, alert, member in zip(accounts, alerts, members, strict=True)
        ]
        await self._shards.scatter("family", accounts, (), items)

    async def leave(self, alert_ids: Sequence[str]) -> None:
        alerts = [self._shards.addresses.alert(alert_id) for alert_id in alert_ids]
        held = await self._shards.ask("held", alerts, (), [(alert.raw,) for alert in alerts])
        left = [(raw[_JOINED_AT:], alert.raw) for (raw,), alert in zip(held, alerts, strict=True)]
        items = [(account, alert, b"") for account, alert in left if account]
        await self._shards.scatter("family", [Digest(account) for account, _, _ in items], (), items)

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        digests = [self._shards.addresses.account(account) for account in accounts]
        answers = await self._shards.ask("descents", digests, (), [(digest.raw,) for digest in digests])
        noted: list[bytes] = [raw for (raw,) in answers]
        names = await self.founders([Digest(raw[:DIGEST_BYTES]) for raw in noted if raw])
        descents: list[Descent | None] = []
        for raw in noted:
            name = names.get(raw[:DIGEST_BYTES]) if raw else None
            generation = int.from_bytes(raw[DIGEST_BYTES : DIGEST_BYTES + 4], "big")
            descents.append(None if name is None else Descent(name, generation))
        return descents

    async def note_founders(self, members: Sequence[tuple[str, Descent]], now: float) -> None:
        """Keeps the founders' account keys, except of reinstated accounts."""
        names = {descent.root_id for account, descent in members if descent != founder(account)}
        digests = [self._shards.addresses.account(name) for name in names]
        items = [(digest.raw, name.encode("utf-8")) for digest, name in zip(digests, names, strict=True)]
        await self._shards.scatter("founder", digests, (repr(now), self._shards.layout.bans.maps), items)

    async def founders(self, roots: Sequence[Digest]) -> dict[bytes, str]:
        """The account keys that are kept of founders, by digest."""
        distinct = list(dict.fromkeys(roots))
        names: list[bytes | None] = [None] * len(distinct)
        by_shard = self._shards.by_shard(distinct)
        answers = await together(
            [
                self._shards.client.command("MGET", *(self._shards.key("k", distinct[at]) for at in places))
                for places in by_shard.values()
            ]
        )
        for places, values in zip(by_shard.values(), answers, strict=True):
            for at, value in zip(places, values, strict=True):
                names[at] = value
        return {root.raw: name.decode("utf-8") for root, name in zip(distinct, names, strict=True) if name}
