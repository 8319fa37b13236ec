"""The Redis store: the contract of :mod:`store.base`, each part in a file of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from hashlib import sha1

from samehand.frequency.rates import Frequencies
from samehand.keys import KeyKind
from samehand.showings import Showings
from schemas.alerts import WithdrawnReason
from store.base import (
    ALONE,
    Ban,
    BanFacts,
    Candidate,
    Companions,
    Company,
    Enrolled,
    Query,
    Remembered,
    RememberedFacts,
    StoreFacts,
    Wave,
)
from store.bounds import Bounds
from store.common.key_digests import Addresses, Digest
from store.errors import StoreEmptied, StoreUnavailable
from store.redis.bans import Bans
from store.redis.client import RedisClient, RedisEndpoint, both, together
from store.redis.counting.counters import Counters
from store.redis.keyspace import RedisKeyspace
from store.redis.layout import Layout, Sizes, fold_versions
from store.redis.noting import NotedValues
from store.redis.remembered import RememberedAccounts
from store.redis.shards import Shards
from store.redis.store_meta import StoreMeta
from store.rules.pair_store import PairStore
from store.rules.waves import company_of


class RedisStore(PairStore):
    """A :class:`store.base.Store` in Redis.

    ``identity`` is the pepper file's secret of that name. ``known_epoch`` is the epoch that an earlier
    process saw (its :attr:`epoch`), so that a store emptied in between is recognised. ``sizes`` must be those
    that the store was made with. ``carrying``: the caller moves the store to or from another layout, and may
    open it meanwhile. ``working``: the caller is a worker; if the store is still being filled, it asks for
    the hand-over.
    """

    def __init__(
        self,
        endpoint: RedisEndpoint,
        *,
        prefix: str,
        identity: bytes,
        sizes: Sizes | None = None,
        bounds: Bounds | None = None,
        known_epoch: str = "",
        carrying: bool = False,
        working: bool = False,
    ) -> None:
        """Puts the parts together; :meth:`open` connects."""
        bounds = bounds or Bounds()
        self._read_only = endpoint.read_only
        self._client = RedisClient(endpoint)
        self._layout = Layout(sizes or Sizes(), Addresses(identity), prefix)
        self.store_meta = StoreMeta(
            self._client, self._layout, carrying=carrying, working=working, read_only=endpoint.read_only
        )
        self.shards = Shards(self._client, self._layout, known_epoch)
        super().__init__(RedisKeyspace(self.shards), bounds)
        self._counters = Counters(self.shards, bounds.freeze_seconds, bounds.lag_seconds)
        self._bans = Bans(self.shards, self._families, bounds.dedup_seconds)
        self._held_key = f"{self.shards.root(0)}held"
        self._noted = NotedValues(self.shards)
        self.remembered_accounts = RememberedAccounts(
            self.shards,
            self._counters,
            retention_seconds=bounds.retention_seconds,
            budget_bytes=bounds.remembered_bytes,
        )

    @property
    def epoch(self) -> str:
        """The epoch that this process has seen, "" before the first enrolment."""
        return self.shards.epoch

    async def open(self) -> None:
        """Connects and checks eviction, layout and epoch."""
        await self._client.check_eviction()
        self.shards.epoch = await self.store_meta.check(self.shards.epoch)

    async def close(self) -> None:
        await self._client.close()

    async def ready(self) -> str | None:
        """Returns ``None`` if reads and writes work and the epoch is unchanged, else the reason in words.

        Once it finds that Redis may evict keys, all requests raise until it finds otherwise: an event whose
        look-up may have missed bans must not be acknowledged.
        """
        try:
            await self._client.check_eviction()
            if not self.shards.epoch:
                self.shards.epoch = await self.store_meta.check("")
            await self.store_meta.probe(self.shards.epoch)
        except StoreEmptied as emptied:
            # A process that only reads takes up a rebuild that has finished; workers ask Kafka.
            try:
                epoch = await self.store_meta.check("") if self._read_only else ""
            except (StoreUnavailable, StoreEmptied) as fault:
                return str(fault)
            if not epoch:
                return str(emptied)
            self.adopt(epoch)
        except StoreUnavailable as fault:
            return str(fault)
        return None

    async def history(self) -> str:
        histories = await together(
            [self._client.replication_id(master) for master in await self._client.masters()]
        )
        refilled = (await self.store_meta.facts()).get("refilled", "")
        digest = sha1("".join(sorted(histories)).encode(), usedforsecurity=False).hexdigest()
        return f"{refilled}:{digest}" if all(histories) else ""

    async def behind(self) -> dict[str, dict[int, int]]:
        return await self.store_meta.behind()

    async def caught_up(self, topic: str) -> None:
        await self.store_meta.caught_up(topic)

    def adopt(self, epoch: str) -> None:
        self.shards.epoch = epoch

    async def begin_again(self, *, carried: bool = False) -> None:
        """Begins a new epoch in a store that was emptied, in whole or in part; a rebuild follows.

        ``carried``: it is filled from another store instead, so that nothing of the last minutes is missing.
        """
        await self.store_meta.new_epoch(carried=carried)
        self.shards.epoch = ""
        self.shards.epoch = await self.store_meta.check("")

    async def note_rebuilt(self) -> None:
        """Notes that a rebuild has finished: no fingerprint of a former fold version is left."""
        await self.store_meta.note_rebuilt()

    # bans
    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        """Writes or replaces fingerprints; the first enrolment begins the epoch."""
        if not bans:
            return []
        if not self.shards.epoch:
            self.shards.epoch = await self.store_meta.begin()
        # With each call: a rebuild under the next version may have removed ours since we noted it.
        await self.store_meta.note_folds(
            {version for ban in bans for version in fold_versions(ban.fingerprints)}
        )
        enrolled = await self._bans.enrol(bans, now)
        over = [ban.account for ban, it in zip(bans, enrolled, strict=True) if it is Enrolled.EXPIRED]
        await self._alerts.end(over, "ban-expired", now)
        return enrolled

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], *, now: float, reason: WithdrawnReason = "reinstated"
    ) -> list[bool]:
        words = await self._bans.expunge(accounts, now)
        gone = [at for at, word in enumerate(words) if word != "later"]
        await self._alerts.end([accounts[at][0] for at in gone], reason, now)
        forgotten = await self.remembered_accounts.forget([accounts[at] for at in gone], now, for_good=True)
        there = [word == "removed" for word in words]
        for at, word in zip(gone, forgotten, strict=True):
            there[at] = there[at] or word == "removed"
        return there

    async def bans(self, accounts: Sequence[str], *, now: float | None = None) -> list[Ban | None]:
        return await self._bans.read(accounts, now)

    async def sweep(self, *, now: float) -> int:
        await self._unjudged.trim(now)

        async def end_alerts(accounts: Sequence[str]) -> None:
            await self._alerts.end(accounts, "ban-expired", now)

        return await self._bans.sweep(now, end_alerts)

    async def compact(self) -> None:
        """Frees the memory that enrolments in bulk reserved, a seventh of what bans take."""
        await self._bans.compact()

    def walk(self) -> AsyncIterator[list[Ban]]:
        """All bans, some at a time, in no order."""
        return self._bans.walk()

    async def bans_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 64
    ) -> list[list[Candidate]]:
        return await self._bans.like(queries, now, keep)

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        return await self._bans.facts(refs)

    # remembered accounts
    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        return await self.remembered_accounts.remember(accounts, now)

    async def remember_then_look(
        self,
        accounts: Sequence[Remembered],
        queries: Sequence[Query],
        *,
        now: float,
        keep: int = 64,
        notes: bool = True,
    ) -> tuple[list[Showings], list[list[Candidate]], list[Companions]]:
        """Remembers accounts, then finds banned ones and company while the values are counted."""

        own = [self.shards.addresses.account(account.account).raw for account in accounts]

        async def look() -> tuple[list[list[Candidate]], tuple[list[list[bytes]], list[Wave | None]]]:
            noting = both(self._noted.note(accounts), self._waves.of_digests(own))
            return await both(self.bans_like(queries, now=now, keep=keep), noting)

        if not notes:
            return (
                await self.remember(accounts, now=now),
                await self.bans_like(queries, now=now, keep=keep),
                [ALONE] * len(accounts),
            )
        shown, (candidates, (noted, waves)) = await self.remembered_accounts.remember_then(
            accounts, now, look
        )
        return shown, candidates, await self._companions(own, noted, waves, now)

    async def _companions(
        self, own: Sequence[bytes], noted: Sequence[Sequence[bytes]], waves: Sequence[Wave | None], now: float
    ) -> list[Companions]:
        """Reads who came with each account: nobody with one that is gone already, since it is deleted."""
        ids = [wave.wave_id if wave else None for wave in waves]
        asked = {
            digest: None
            for mine, others in zip(own, noted, strict=True)
            if others
            for digest in (mine, *others)
        }
        if not asked:
            return [Companions(wave_id) for wave_id in ids]
        read, theirs = await both(
            self.remembered_accounts.read_digests([Digest(raw) for raw in asked], now),
            self._waves.of_digests(list(asked)),
        )
        known = dict(zip(asked, read, strict=True))
        in_waves = {account.account for account, wave in zip(read, theirs, strict=True) if account and wave}
        companions = []
        for mine, wave_id, digests in zip(own, ids, noted, strict=True):
            if known.get(mine) is None:
                companions.append(Companions(wave_id))
                continue
            others = [companion for raw in digests if (companion := known[raw]) is not None]
            members = in_waves.intersection(other.account for other in others)
            companions.append(Companions(wave_id, others, frozenset(members)))
        return companions

    async def showings(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        return await self.remembered_accounts.showings(accounts, now)

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        return await self.remembered_accounts.read(accounts, now)

    async def forget(self, accounts: Sequence[tuple[str, float]], *, now: float) -> list[bool]:
        words = await self.remembered_accounts.forget(accounts, now)
        await self._dismissed.empty(
            [it for (it, _), word in zip(accounts, words, strict=True) if word != "later"]
        )
        return [word == "removed" for word in words]

    async def remembered_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 256
    ) -> list[list[Candidate]]:
        return await self.remembered_accounts.like(queries, now, keep)

    async def turned_away(self, queries: Sequence[Query], *, now: float) -> list[dict[KeyKind, int]]:
        return await self.remembered_accounts.turned_away(queries, now)

    async def remembered_facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        return await self.remembered_accounts.facts(refs)

    # waves
    async def company(self, accounts: Sequence[Remembered], *, now: float) -> list[list[Company]]:
        """Who would come with each account; nobody is read where nobody would."""
        noted = await self._noted.note(accounts, writes=False)
        asked = list(dict.fromkeys(digest for others in noted for digest in others))
        if not asked:
            return [[] for _ in accounts]
        read, waves = await both(
            self.remembered_accounts.read_digests([Digest(raw) for raw in asked], now),
            self._waves.of_digests(asked),
        )
        known = {
            digest: company_of(account, wave)
            for digest, account, wave in zip(asked, read, waves, strict=True)
            if account is not None
        }
        return [[known[digest] for digest in others if digest in known] for others in noted]

    async def held(self) -> list[tuple[str, str]]:
        members: list[bytes] = await self._client.command("ZRANGE", self._held_key, 0, -1)
        pairs = [member.decode().partition(" ") for member in members]
        return [(digest, account) for digest, _, account in pairs]

    async def release(self, held: Sequence[tuple[str, str]]) -> None:
        if held:
            await self._client.command("ZREM", self._held_key, *[" ".join(pair) for pair in held])

    # frequencies and facts
    async def frequencies(self, *, at: float, now: float) -> Frequencies:
        """The frozen snapshot of counts that applies to events of a moment; each version is read once."""
        if self._counters.stale(now):
            await self._counters.look(now, self._enrolled)
        return await self._counters.snapshot(at, now, self._enrolled)

    async def freeze(self, *, now: float) -> bool:
        return await self._counters.freeze(now, await self._enrolled())

    async def figures(self) -> StoreFacts:
        remembered, size, evicted = await self.remembered_accounts.figures()
        used, limit = await self._client.memory()
        unjudged, oldest = await self._unjudged.figures()
        # The hash `ta` of each tag; a field is `b` or `g` for the index, then the kind's number.
        turned_away: Counter[tuple[str, KeyKind]] = Counter()
        for fields in await together(
            [self._client.command("HGETALL", self.shards.root(shard) + "ta") for shard in self.shards.all]
        ):
            for field, count in fields.items():
                turned_away["bans" if field[:1] == b"b" else "remembered", KeyKind(int(field[1:]))] += int(
                    count
                )
        return StoreFacts(
            fingerprints=await self._enrolled(),
            remembered=remembered,
            remembered_bytes=size,
            remembered_evicted=evicted,
            epoch=self.shards.epoch or None,
            fold_versions=await self.store_meta.folds(),
            memory_bytes=used,
            memory_limit_bytes=limit,
            unjudged=unjudged,
            oldest_unjudged_at=oldest,
            turned_away=turned_away,
        )

    async def _enrolled(self) -> int:
        return await self._bans.count()
