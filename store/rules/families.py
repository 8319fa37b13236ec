"""Keeps from which ban an account descends, by each decision that says so; the latest of them holds.

A founder's account key is kept in one place only (`k:`, under its own home), so that it can be forgotten;
descents (`j:`, under the account's) name it by its digest. No cap and no expiry: each descent takes a
moderator's decision. Which account joined by a decision is noted with that decision first, so that it is
found when it is to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from samehand.lineage import Descent, founder
from store.base import Member
from store.common.key_digests import Digest
from store.rules.keyspace import Keyspace, Sight, named, step, values, write
from store.rules.verdicts import Verdicts


class DescentBy(msgspec.Struct, array_like=True, frozen=True, order=True):
    """An account's descent by the decision on an alert; of one moment the higher alert digest wins."""

    decided_at: float
    alert: bytes
    root: bytes
    generation: int


class Descents(msgspec.Struct, array_like=True, frozen=True):
    """All descents of an account."""

    descents: tuple[DescentBy, ...]


_DESCENTS: Final = msgspec.msgpack.Decoder(Descents)


def changed(known: Descents | None, alert: bytes, descent: DescentBy | None) -> Descents | None:
    """Returns an account's descents once the decision on an alert says so, or no more; ``None`` if none is
    left.
    """
    others = tuple(it for it in (known.descents if known else ()) if it.alert != alert)
    every = others if descent is None else (*others, descent)
    return Descents(every) if every else None


class Families:
    """Descents by account, and account keys of founders by their digests."""

    def __init__(self, keys: Keyspace, verdicts: Verdicts) -> None:
        self._keys = keys
        self._verdicts = verdicts

    async def join(self, members: Sequence[Member], now: float) -> None:
        await self.note_founders([(member.account, member.descent) for member in members], now)
        of, alert_of = self._keys.addresses.account, self._keys.addresses.alert
        for account, descent, alert_id, decided_at in members:
            alert, root = alert_of(alert_id).raw, of(descent.root_id).raw
            await self._verdicts.note_joined(alert_id, of(account).raw)
            joined = DescentBy(max(0.0, decided_at), alert, root, descent.generation)
            await self._change(of(account), alert, joined)

    async def leave(self, alert_ids: Sequence[str]) -> None:
        for alert_id, account in zip(alert_ids, await self._verdicts.joined(alert_ids), strict=True):
            if account:
                await self._change(Digest(account), self._keys.addresses.alert(alert_id).raw, None)

    async def _change(self, account: Digest, alert: bytes, descent: DescentBy | None) -> None:
        name = f"j:{account.raw.hex()}"

        async def act(sight: Sight) -> None:
            (known,) = await sight.get([name], _DESCENTS)
            sight.put(name, changed(known, alert, descent))

        await step(self._keys, self._keys.home(account.raw), act)

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        digests = [self._keys.addresses.account(account).raw for account in accounts]
        reads = [named(self._keys, "GET", "j", digest) for digest in digests]
        noted = await values(self._keys, reads, _DESCENTS)
        latest = [max(several.descents) if several else None for several in noted]
        names = await self.founders([Digest(descent.root) for descent in latest if descent])
        return [
            Descent(names[descent.root], descent.generation) if descent and descent.root in names else None
            for descent in latest
        ]

    async def note_founders(self, members: Sequence[tuple[str, Descent]], now: float) -> None:
        """Keeps the founders' account keys, except of reinstated accounts."""
        names = list({descent.root_id for account, descent in members if descent != founder(account)})
        if not names:
            return
        noted = await self._allowed(names, now)
        await self._founders("SET", noted)
        allowed = await self._allowed(noted, now)  # else one that is reinstated meanwhile would stay named
        await self._founders("DEL", [name for name in noted if name not in allowed])

    async def _allowed(self, accounts: Sequence[str], now: float) -> list[str]:
        standings, _ = await self._keys.standing(accounts, now)
        return [
            account
            for account, standing in zip(accounts, standings, strict=True)
            if standing.banned or not standing.reinstated
        ]

    async def _founders(self, verb: Literal["SET", "DEL"], accounts: Sequence[str]) -> None:
        of = self._keys.addresses.account
        named_at = [(of(it).raw, [it.encode()] if verb == "SET" else []) for it in accounts]
        await write(self._keys, [named(self._keys, verb, "k", digest, *name) for digest, name in named_at])

    async def forget(self, accounts: Sequence[str]) -> None:
        """Forgets descents of accounts that were reinstated, and that they founded a family."""
        await self._founders("DEL", accounts)
        digests = [self._keys.addresses.account(account).raw for account in accounts]
        await write(self._keys, [named(self._keys, "DEL", "j", digest) for digest in digests])

    async def founders(self, roots: Sequence[Digest]) -> dict[bytes, str]:
        """The account keys that are kept of founders, by digest."""
        distinct = list(dict.fromkeys(roots))
        names = await self._keys.ask([named(self._keys, "GET", "k", root.raw) for root in distinct])
        return {root.raw: name.decode() for root, name in zip(distinct, names, strict=True) if name}
